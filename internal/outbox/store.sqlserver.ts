import type { Logger } from "../platform/logger/logger.ts";
import type { SqlServerAddress } from "../platform/sql/sqlserver.ts";
import type { OutboxStore } from "./store.ts";
export function createSqlServerOutboxStore(_options: {
  address: SqlServerAddress;
  poolSize: number;
  log: Logger;
}): OutboxStore {
  throw new Error("not yet");
}
