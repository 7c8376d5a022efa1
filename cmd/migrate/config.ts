import { z } from "zod";
import { readEnvOrExit } from "../../internal/platform/config/env.ts";
import { milliseconds } from "../../internal/platform/config/fields.ts";
import { databaseUrl } from "../../internal/platform/sql/database-url.ts";

export const schema = z.object({
  DATABASE_URL: databaseUrl(),
  DATABASE_APP_ROLE: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_-]{0,62}$/, "must be the name of a database role")
    .optional()
    .describe(
      "the services' database role, which is granted the use of the tables; without it nothing is granted",
    ),
  MIGRATE_TIMEOUT_MS: milliseconds(1, 3_600_000)
    .default(60_000)
    .describe("ms to wait for the database, and on PostgreSQL for another migrate and tables in use"),
});

export const readConfig = (): z.infer<typeof schema> => readEnvOrExit(schema, process.env);
