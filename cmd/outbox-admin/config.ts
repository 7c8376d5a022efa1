import { z } from "zod";
import { readEnvOrExit } from "../../internal/platform/config/env.ts";
import { databaseUrl } from "../../internal/platform/sql/database-url.ts";

const schema = z.object({
  DATABASE_URL: databaseUrl(),
  /** Where the result, or the reason of a failure, is left: a container's termination message. */
  RESULT_FILE: z.string().min(1).optional(),
});

export const readConfig = (): z.infer<typeof schema> => readEnvOrExit(schema, process.env);
