import type { Database } from "../platform/sql/database.ts";
import { isRefusedByPostgres } from "../platform/sql/postgres.ts";
import { isRefusedBySqlServer } from "../platform/sql/sqlserver.ts";
import { createPostgresOrderStore } from "./order-store.postgres.ts";
import { createSqlServerOrderStore } from "./order-store.sqlserver.ts";
import { type AppendEvents, type OrderStore, OrderStoreUnavailable } from "./order-store.ts";

/** Orders in an open database of either dialect; their events go the way of `append`. */
export function openOrderStore(database: Database, append: AppendEvents): OrderStore {
  return database.dialect === "postgres"
    ? tellingOutages(createPostgresOrderStore(database, append), isRefusedByPostgres)
    : tellingOutages(createSqlServerOrderStore(database, append), isRefusedBySqlServer);
}

/** The same store, whose failures say whether the values are to blame (`isRefused`) or the database. */
function tellingOutages(store: OrderStore, isRefused: (error: unknown) => boolean): OrderStore {
  const telling = Object.entries(store).map(([name, method]) => [
    name,
    async (...args: unknown[]) => {
      try {
        return await (method as (...args: unknown[]) => Promise<unknown>)(...args);
      } catch (cause) {
        // The outbox's own error has the database's as its cause.
        if (isRefused(cause) || isRefused((cause as Error).cause ?? {})) throw cause;
        throw new OrderStoreUnavailable((cause as Error).message, { cause });
      }
    },
  ]);
  return Object.fromEntries(telling) as OrderStore;
}
