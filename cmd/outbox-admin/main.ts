import { listDead, replayDead } from "../../internal/outbox/store/dead.ts";
import { createOutboxStore } from "../../internal/outbox/store/open-store.ts";
import { createLogger } from "../../internal/platform/logger/logger.ts";
import { openDatabase } from "../../internal/platform/sql/database.ts";
import { readConfig } from "./config.ts";

const USAGE = `usage: outbox-admin list            dead events, oldest first
       outbox-admin replay ID...    make these pending again
       outbox-admin replay all      make every dead event pending again`;

const config = readConfig();
const [command, ...ids] = process.argv.slice(2);
const say = (line: string) => process.stdout.write(`${line}\n`);
const fail = (line: string, exitCode: number) => {
  process.stderr.write(`${line}\n`);
  process.exitCode = exitCode;
};

const database = openDatabase(config.DATABASE_URL, { log: createLogger("outbox-admin", "warn") });
const store = createOutboxStore(database);
try {
  if (command === "list" && ids.length === 0) await listDead(store, say);
  else if (command === "replay" && ids.length > 0) {
    const replayed = await replayDead(store, ids);
    if (replayed.ok) say(`${replayed.value} made pending again`);
    else fail(`"${replayed.error.value}" is not an event id; list them with: outbox-admin list`, 64);
  } else fail(USAGE, 64);
} catch (error) {
  fail(`the database does not answer: ${(error as Error).message}`, 1);
} finally {
  await database.close();
}
