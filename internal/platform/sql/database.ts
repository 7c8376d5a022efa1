import type { Logger } from "../logger/logger.ts";
import type { DatabaseAddress } from "./database-url.ts";
import { openPostgres, type Postgres, type PostgresRunner } from "./postgres.ts";
import { openSqlServer, type SqlServer, type SqlServerRunner } from "./sqlserver.ts";

/**
 * A database of either dialect, opened once for a process;
 * each feature's adapter for the dialect works on it.
 */
export type Database = Postgres | SqlServer;

/** A transaction under way. Adapters hand it on to each other, so that several features write in one. */
export type Transaction = PostgresRunner | SqlServerRunner;

const STATEMENT_TIMEOUT_MS = 10_000;

/**
 * Opens the database at `address`. Connects when first used; one that cannot be reached is not fatal here.
 */
export function openDatabase(
  address: DatabaseAddress,
  options: { log: Logger; poolSize?: number },
): Database {
  const { log, poolSize = 8 } = options;
  if (address.dialect === "postgres")
    return openPostgres({ url: address.url, poolSize, statementTimeoutMs: STATEMENT_TIMEOUT_MS, log });
  const requestTimeoutMs = address.requestTimeoutMs ?? STATEMENT_TIMEOUT_MS;
  return openSqlServer({ address, poolSize, requestTimeoutMs, log });
}
