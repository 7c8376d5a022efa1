import { OUTBOX_TABLES, OUTBOX_TYPES, outboxMigrations } from "../../internal/outbox/store/migrations.ts";
import { connectTarget } from "../../internal/platform/sql/connect-target.ts";
import { migrate, readMigrations } from "../../internal/platform/sql/migrator.ts";
import { readConfig } from "./config.ts";

const { DATABASE_URL: address, DATABASE_APP_ROLE: role, MIGRATE_TIMEOUT_MS } = readConfig();
const say = (line: string) => process.stdout.write(`migrate: ${line}\n`);

try {
  const target = await connectTarget(address, MIGRATE_TIMEOUT_MS, say);
  try {
    const applied = await migrate(target, readMigrations(outboxMigrations(address.dialect)));
    for (const name of applied) say(`applied ${name}`);
    if (applied.length === 0) say("the database is up to date");
    if (role !== undefined) {
      await target.grant(role, { tables: OUTBOX_TABLES, types: OUTBOX_TYPES });
      say(`granted ${role} the use of ${OUTBOX_TABLES.join(", ")}`);
    }
  } finally {
    await target.close();
  }
} catch (error) {
  process.stderr.write(`migrate: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
