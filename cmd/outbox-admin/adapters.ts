import { createOutboxStore } from "../../internal/outbox/store/open-store.ts";
import type { DeadEvents } from "../../internal/outbox/store/store.ts";
import { createLogger } from "../../internal/platform/logger/logger.ts";
import { openDatabase } from "../../internal/platform/sql/database.ts";
import { retryPatiently } from "../../internal/platform/sql/retry.ts";
import { isUnavailableSqlServer } from "../../internal/platform/sql/sqlserver.ts";
import type { Config } from "./config.ts";

/** The dead events of the database, which is asked again while a SQL Server is away; and what closes it. */
export function openDeadEvents(config: Config): { dead: DeadEvents; close(): Promise<void> } {
  const database = openDatabase(config.DATABASE_URL, { log: createLogger("outbox-admin", "warn") });
  const store = createOutboxStore(database);
  const patiently = retryPatiently(isUnavailableSqlServer);
  const dead: DeadEvents = {
    ...store,
    listDead: (...page) => patiently(() => store.listDead(...page)),
    replay: (ids) => patiently(() => store.replay(ids)),
  };
  return { dead, close: () => database.close() };
}
