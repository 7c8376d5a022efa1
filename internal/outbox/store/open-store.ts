import type { Database } from "../../platform/sql/database.ts";
import { createPostgresOutboxStore } from "./store.postgres.ts";
import { createSqlServerOutboxStore } from "./store.sqlserver.ts";
import type { OutboxStore } from "./store.ts";

/** The outbox in an open database of either dialect. */
export function createOutboxStore(database: Database): OutboxStore {
  return database.dialect === "postgres"
    ? createPostgresOutboxStore(database)
    : createSqlServerOutboxStore(database);
}
