import { writeFileSync } from "node:fs";
import { listDead } from "../../internal/outbox/store/dead.ts";
import { createOutboxStore } from "../../internal/outbox/store/open-store.ts";
import { replaySelected } from "../../internal/outbox/store/replay.ts";
import { endOnBrokenPipe } from "../../internal/platform/lifecycle/broken-pipe.ts";
import { createLogger } from "../../internal/platform/logger/logger.ts";
import { redactText } from "../../internal/platform/logger/redact.ts";
import { openDatabase } from "../../internal/platform/sql/database.ts";
import { retryPatiently } from "../../internal/platform/sql/retry.ts";
import { isUnavailableSqlServer } from "../../internal/platform/sql/sqlserver.ts";
import { parseCommand } from "./arguments.ts";
import { readConfig } from "./config.ts";

endOnBrokenPipe();
const config = readConfig();
const command = parseCommand(process.argv.slice(2));
const say = (line: string) => process.stdout.write(`${line}\n`);
const fail = (line: string, exitCode: number) => {
  process.stderr.write(`${line}\n`);
  if (config.RESULT_FILE !== undefined) writeFileSync(config.RESULT_FILE, line);
  process.exitCode = exitCode;
};
const database = openDatabase(config.DATABASE_URL, { log: createLogger("outbox-admin", "warn") });
const store = createOutboxStore(database);
const patiently = retryPatiently(isUnavailableSqlServer);
const pages: typeof store = { ...store, listDead: (...page) => patiently(() => store.listDead(...page)) };
let result: Awaited<ReturnType<typeof replaySelected>> | null = null;
try {
  if (!command.ok) fail(command.error, 64);
  else if (command.value.name === "list") await listDead(pages, say);
  else {
    const { selector, dryRun } = command.value;
    result = await patiently(() => replaySelected(store, selector, { dryRun }));
    say(dryRun ? `${result.matched} would be made pending again` : `${result.replayed} made pending again`);
  }
} catch (error) {
  fail(`the database refused or does not answer: ${redactText((error as Error).message)}`, 1);
} finally {
  await database.close();
}
if (result !== null && config.RESULT_FILE !== undefined)
  writeFileSync(config.RESULT_FILE, JSON.stringify(result));
