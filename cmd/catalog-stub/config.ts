import { z } from "zod";
import { readEnvOrExit } from "../../internal/platform/config/env.ts";
import { port, serviceFields } from "../../internal/platform/config/fields.ts";

export const schema = z.object({
  ...serviceFields,
  PORT: port().describe("port of the catalog's API; 0 takes a free one"),
  CATALOG_SEED: z
    .string()
    .min(1)
    .optional()
    .describe("a JSON file with the products; without it those that are built in"),
  CATALOG_ADMIN_TOKEN: z
    .string()
    .min(16, "must be at least 16 characters long")
    .optional()
    .describe("the bearer token of the admin routes; without it there are none"),
});

export const readConfig = (): z.infer<typeof schema> => readEnvOrExit(schema, process.env);
