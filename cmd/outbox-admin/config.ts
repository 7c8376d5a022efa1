import { z } from "zod";
import { readEnvOrExit } from "../../internal/platform/config/env.ts";
import { url } from "../../internal/platform/config/fields.ts";

const schema = z.object({ DATABASE_URL: url("postgres:", "postgresql:", "sqlserver:") });

export const readConfig = (): z.infer<typeof schema> => readEnvOrExit(schema, process.env);
