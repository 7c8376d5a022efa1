import { z } from "zod";
import { readEnvOrExit } from "../../internal/platform/config/env.ts";
import { databaseUrl } from "../../internal/platform/sql/database-url.ts";

const schema = z.object({ DATABASE_URL: databaseUrl() });

export const readConfig = (): z.infer<typeof schema> => readEnvOrExit(schema, process.env);
