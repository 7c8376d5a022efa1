import { redactText } from "../../internal/platform/logger/redact.ts";
import { withTarget } from "../../internal/platform/sql/connect-target.ts";
import { migrate } from "../../internal/platform/sql/migrator.ts";
import { mergeSchemas } from "../../internal/platform/sql/schema.ts";
import { SCHEMAS } from "../schemas.ts";
import { readConfig } from "./config.ts";

const { DATABASE_URL: address, DATABASE_APP_ROLE: role, MIGRATE_TIMEOUT_MS } = readConfig();
const say = (line: string) => process.stdout.write(`migrate: ${redactText(line)}\n`);

try {
  const { migrations, tables, types } = mergeSchemas(SCHEMAS, address.dialect);
  await withTarget(address, MIGRATE_TIMEOUT_MS, say, async (target) => {
    const { applied, newer } = await migrate(target, migrations);
    for (const name of applied) say(`applied ${name}`);
    if (newer.length > 0)
      say(`a newer version has applied ${newer.join(", ")}; this version can go on beside it`);
    if (applied.length === 0) say("the database is up to date");
    if (role !== undefined) {
      await target.grant(role, { tables, types });
      say(`granted ${role} the use of ${Object.keys(tables).join(", ")}`);
    }
  });
} catch (error) {
  process.stderr.write(`migrate: ${redactText((error as Error).message)}\n`);
  process.exitCode = 1;
}
