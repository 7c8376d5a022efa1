import { z } from "zod";
import { readEnvOrExit } from "../../internal/platform/config/env.ts";
import { databaseUrl } from "../../internal/platform/sql/database-url.ts";

export const schema = z.object({
  DATABASE_URL: databaseUrl(),
  RESULT_FILE: z
    .string()
    .min(1)
    .optional()
    .describe(
      "where the result is left as JSON, or the reason of a failure: a container's termination message",
    ),
});

export type Config = z.infer<typeof schema>;

export const readConfig = (): Config => readEnvOrExit(schema, process.env);
