import { z } from "zod";
import { readEnvOrExit } from "../../internal/platform/config/env.ts";
import { port, processFields } from "../../internal/platform/config/fields.ts";

const schema = z.object({
  ...processFields,
  PORT: port(),
  CATALOG_SEED: z.string().min(1).optional(),
  CATALOG_ADMIN_TOKEN: z.string().min(16, "must be at least 16 characters long").optional(),
});

export const readConfig = (): z.infer<typeof schema> => readEnvOrExit(schema, process.env);
