import mssql from "mssql";
import type { Logger } from "../logger/logger.ts";
import type { DatabaseAddress } from "./database-url.ts";

export type SqlServerAddress = Extract<DatabaseAddress, { dialect: "sqlserver" }>;

/** A pool that connects when it is first used, and again after its server was away. */
export interface SqlServer {
  /** A request on a connected pool; rejects at once when the server cannot be reached. */
  request(): Promise<mssql.Request>;
  close(): Promise<void>;
}

/** The driver's settings for an address; also for the migrator's own connection. */
export function poolConfig(
  address: SqlServerAddress,
  limits: { poolSize: number; requestTimeoutMs: number },
): mssql.config {
  return {
    server: address.host,
    port: address.port,
    user: address.user,
    password: address.password,
    database: address.database,
    connectionTimeout: 5_000,
    requestTimeout: limits.requestTimeoutMs,
    // The driver would otherwise send SELECT 1 before every request.
    validateConnection: "socket",
    pool: { max: limits.poolSize, min: 0, idleTimeoutMillis: 60_000, acquireTimeoutMillis: 5_000 },
    options: {
      encrypt: address.encrypt,
      trustServerCertificate: address.trustServerCertificate,
      appName: "cartwright",
      useUTC: true,
      // XACT_ABORT: whatever fails within a transaction, or is cut off, rolls all of it back and leaves none open.
      abortTransactionOnError: true,
    },
  };
}

/** Opens nothing yet. Requests are cut off after `requestTimeoutMs`. */
export function openSqlServer(options: {
  address: SqlServerAddress;
  poolSize: number;
  requestTimeoutMs: number;
  log: Logger;
}): SqlServer {
  const { address, log } = options;
  let pool: Promise<mssql.ConnectionPool> | null = null;

  function connected(): Promise<mssql.ConnectionPool> {
    if (pool) return pool;
    const opening = new mssql.ConnectionPool(poolConfig(address, options));
    opening.on("error", (err: unknown) => log.debug({ err }, "a database connection was lost"));
    const attempt = opening.connect();
    pool = attempt;
    attempt.catch(() => {
      if (pool === attempt) pool = null;
    });
    return attempt;
  }

  return {
    request: async () => (await connected()).request(),
    close: async () => {
      if (!pool) return;
      const open = await pool.catch(() => null);
      await open?.close();
    },
  };
}

/** Deadlock victim, snapshot conflict, lock time-out: the work was rolled back and may simply run again. */
export function isTransientSqlServer(error: unknown): boolean {
  return [1205, 3960, 1222].includes((error as { number?: number }).number ?? 0);
}

/** A row with this unique value is already there: 2627 (constraint) or 2601 (index). */
export function isDuplicateKey(error: unknown): boolean {
  return [2627, 2601].includes((error as { number?: number }).number ?? 0);
}
