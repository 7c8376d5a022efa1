import { OUTBOX_TABLES, outboxMigrations } from "../../internal/outbox/migrations.ts";
import { connectTarget } from "../../internal/platform/sql/connect-target.ts";
import { parseDatabaseUrl } from "../../internal/platform/sql/database-url.ts";
import { migrate, readMigrations } from "../../internal/platform/sql/migrator.ts";
import { readConfig } from "./config.ts";

const config = readConfig();
const say = (line: string) => process.stdout.write(`migrate: ${line}\n`);
const address = parseDatabaseUrl(config.DATABASE_URL);

const target = await connectTarget(address, config.MIGRATE_TIMEOUT_MS, say);
try {
  const applied = await migrate(target, readMigrations(outboxMigrations(address.dialect)));
  for (const name of applied) say(`applied ${name}`);
  if (applied.length === 0) say("the database is up to date");
  if (config.DATABASE_APP_ROLE !== undefined) {
    await target.grant(config.DATABASE_APP_ROLE, OUTBOX_TABLES);
    say(`granted ${config.DATABASE_APP_ROLE} the use of ${OUTBOX_TABLES.join(", ")}`);
  }
} catch (error) {
  process.stderr.write(`migrate: ${(error as Error).message}\n`);
  process.exitCode = 1;
} finally {
  await target.close();
}
