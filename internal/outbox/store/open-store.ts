import type { Database } from "../../platform/sql/database.ts";
import { traceAppends } from "./commit-trace.ts";
import { createPostgresOutboxStore } from "./store.postgres.ts";
import { createSqlServerOutboxStore } from "./store.sqlserver.ts";
import type { OutboxStore } from "./store.ts";

/** The outbox in an open database of either dialect. */
export function createOutboxStore(database: Database): OutboxStore {
  const [store, system] =
    database.dialect === "postgres"
      ? ([createPostgresOutboxStore(database), "postgresql"] as const)
      : ([createSqlServerOutboxStore(database), "microsoft.sql_server"] as const);
  return { ...store, ...traceAppends(store, system) };
}
