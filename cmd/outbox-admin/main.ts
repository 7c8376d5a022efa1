import { listDead, replayDead } from "../../internal/outbox/dead.ts";
import { openOutboxStore } from "../../internal/outbox/open-store.ts";
import { createLogger } from "../../internal/platform/logger/logger.ts";
import { readConfig } from "./config.ts";

const USAGE = `usage: outbox-admin list            dead events, oldest first
       outbox-admin replay ID...    make these pending again
       outbox-admin replay all      make every dead event pending again`;

const config = readConfig();
const [command, ...ids] = process.argv.slice(2);
const store = openOutboxStore(config.DATABASE_URL, { log: createLogger("outbox-admin", "warn") });
try {
  if (command === "list" && ids.length === 0)
    await listDead(store, (line) => process.stdout.write(`${line}\n`));
  else if (command === "replay" && ids.length > 0) process.stdout.write(`${await replayDead(store, ids)}\n`);
  else {
    process.stderr.write(`${USAGE}\n`);
    process.exitCode = 64;
  }
} finally {
  await store.close();
}
