import type { Database } from "../platform/sql/database.ts";
import { createPostgresOrderStore } from "./order-store.postgres.ts";
import { createSqlServerOrderStore } from "./order-store.sqlserver.ts";
import type { AppendEvents, OrderStore } from "./order-store.ts";

/** Orders in an open database of either dialect; their events go the way of `append`. */
export function openOrderStore(database: Database, append: AppendEvents): OrderStore {
  return database.dialect === "postgres"
    ? createPostgresOrderStore(database, append)
    : createSqlServerOrderStore(database, append);
}
