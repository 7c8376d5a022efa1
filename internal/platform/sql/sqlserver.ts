import mssql from "mssql";
import type { Logger } from "../logger/logger.ts";
import type { DatabaseAddress } from "./database-url.ts";
import { retryWhen } from "./retry.ts";

export type SqlServerAddress = Extract<DatabaseAddress, { dialect: "sqlserver" }>;

/** Where a request can run: on its own, or within a transaction. */
export interface SqlServerRunner {
  readonly dialect: "sqlserver";
  /** A request on a connected pool, or on the transaction; rejects at once when the server cannot be reached. */
  request(): Promise<mssql.Request>;
}

/** A pool that connects when it is first used, and again after its server was away. */
export interface SqlServer extends SqlServerRunner {
  /** Resolves when the server answers a trivial query. */
  ping(): Promise<void>;
  /**
   * Runs `work` in one transaction: committed when it resolves, rolled back when it rejects. A deadlock or another
   * passing conflict runs it again from the start, so what it does outside the transaction must bear that.
   */
  transaction<T>(work: (tx: SqlServerRunner) => Promise<T>): Promise<T>;
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

  async function transactionOnce<T>(work: (tx: SqlServerRunner) => Promise<T>): Promise<T> {
    const transaction = (await connected()).transaction();
    await transaction.begin();
    try {
      const value = await work({ dialect: "sqlserver", request: async () => transaction.request() });
      await transaction.commit();
      return value;
    } catch (err) {
      // The server may have rolled back already; the first error tells.
      await transaction.rollback().catch(() => {});
      throw err;
    }
  }

  const request = async () => (await connected()).request();
  return {
    dialect: "sqlserver",
    request,
    ping: async () => void (await (await request()).query("SELECT 1 AS one")),
    transaction: (work) => retryTransient(() => transactionOnce(work)),
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

/** Runs work again after a passing conflict, or when a rival was first to insert the same key. */
export const retryTransient = retryWhen((error) => isTransientSqlServer(error) || isDuplicateKey(error));
