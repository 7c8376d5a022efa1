import mssql from "mssql";
import type { Logger } from "../logger/logger.ts";
import type { DatabaseAddress } from "./database-url.ts";
import { retryWhen } from "./retry.ts";
import { createSlowStart } from "./slow-start.ts";

export type SqlServerAddress = Extract<DatabaseAddress, { dialect: "sqlserver" }>;

/** Where a request can run: on its own, or within a transaction. */
export interface SqlServerRunner {
  readonly dialect: "sqlserver";
  /** Runs `work` with a request; rejects at once when the server cannot be reached. */
  run<T>(work: (request: mssql.Request) => Promise<T>): Promise<T>;
}

/** A pool that connects when it is first used, and again after its server was away. */
export interface SqlServer extends SqlServerRunner {
  /** Resolves when the server answers a trivial query. */
  ping(): Promise<void>;
  /**
   * Runs `work` in one transaction: committed when it resolves, rolled back
   * when it rejects. A deadlock or another passing conflict runs it again from
   * the start, so what it does outside the transaction must bear that.
   */
  transaction<T>(work: (tx: SqlServerRunner) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** How long to wait for a free session, in ms. */
const PATIENCE_MS = 5_000;

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
    connectionTimeout: 3_000,
    requestTimeout: limits.requestTimeoutMs,
    // The driver would otherwise send SELECT 1 before every request.
    validateConnection: "socket",
    pool: { max: limits.poolSize, min: 0, idleTimeoutMillis: 60_000, acquireTimeoutMillis: PATIENCE_MS },
    options: {
      encrypt: address.encrypt,
      trustServerCertificate: address.trustServerCertificate,
      multiSubnetFailover: address.multiSubnetFailover,
      ...(address.ca !== null && { cryptoCredentialsDetails: { ca: address.ca } }),
      // How long a silent server may take to confirm that a request was cut off; the driver's own is 5 s.
      cancelTimeout: 1_000,
      appName: "cartwright",
      useUTC: true,
      // XACT_ABORT: whatever fails within a transaction, or is
      // cut off, rolls all of it back and leaves none open.
      abortTransactionOnError: true,
    },
  };
}

/** Connects a pool; a certificate that is not trusted is said as such, with the ways out. */
export async function connectPool(pool: mssql.ConnectionPool): Promise<mssql.ConnectionPool> {
  try {
    return await pool.connect();
  } catch (error) {
    const { message } = error as Error;
    if (!/certificate/i.test(message)) throw error;
    throw new Error(
      `the server's certificate is not trusted (${message}); give its authority as ca=<file.pem> in DATABASE_URL, or trustServerCertificate=true to do without`,
      { cause: error },
    );
  }
}

/**
 * Opens nothing yet. Requests are cut off after `requestTimeoutMs`. After a failure other than one known to
 * leave a session as it was (a silent server, a lost connection, an error nobody expects) the whole pool is
 * replaced: the driver itself would hand out its sessions again, one dead one after the other. Not after a
 * timeout beside which others were answered: that server is slow, and new sessions would make it slower. What
 * is new begins slowly (`slow-start.ts`).
 */
export function openSqlServer(options: {
  address: SqlServerAddress;
  poolSize: number;
  requestTimeoutMs: number;
  log: Logger;
}): SqlServer {
  const { address, log } = options;
  const slowStart = createSlowStart({ most: options.poolSize, patienceMs: PATIENCE_MS });
  let pool: Promise<mssql.ConnectionPool> | null = null;
  /** When a request was last answered, performance.now() ms. */
  let answeredAt = Number.NEGATIVE_INFINITY;

  function connected(): Promise<mssql.ConnectionPool> {
    if (pool) return pool;
    const opening = new mssql.ConnectionPool(poolConfig(address, options));
    opening.on("error", (err: unknown) => log.debug({ err }, "a database connection was lost"));
    const attempt = connectPool(opening);
    pool = attempt;
    attempt.catch(() => {
      slowStart.slowDown();
      if (pool === attempt) pool = null;
    });
    return attempt;
  }

  const using = <T>(work: (pool: mssql.ConnectionPool) => Promise<T>): Promise<T> =>
    slowStart.run(() => usingPool(work));

  async function usingPool<T>(work: (pool: mssql.ConnectionPool) => Promise<T>): Promise<T> {
    const attempt = connected();
    const open = await attempt;
    const began = performance.now();
    try {
      const value = await work(open);
      answeredAt = performance.now();
      return value;
    } catch (err) {
      if (!leavesSessionInDoubt(err)) throw err;
      slowStart.slowDown();
      const answersOthers = answeredAt > (began + performance.now()) / 2;
      if (pool === attempt && !(answersOthers && isTimeout(err))) {
        pool = null;
        // What else is under way on it may end.
        open
          .close()
          .catch((reason: unknown) => log.debug({ err: reason }, "a pool was closed with an error"));
      }
      throw err;
    }
  }

  const transactionOnce = <T>(work: (tx: SqlServerRunner) => Promise<T>): Promise<T> =>
    using(async (open) => {
      const transaction = open.transaction();
      await transaction.begin();
      try {
        const run: SqlServerRunner["run"] = (each) => each(transaction.request());
        const value = await work({ dialect: "sqlserver", run });
        await transaction.commit();
        return value;
      } catch (err) {
        // The server may have rolled back already; the first error tells.
        await transaction.rollback().catch(() => {});
        throw err;
      }
    });

  const run: SqlServerRunner["run"] = (work) => using((open) => work(open.request()));
  return {
    dialect: "sqlserver",
    run,
    ping: async () => void (await run((request) => request.query("SELECT 1 AS one"))),
    transaction: (work) => retryTransient(() => transactionOnce(work)),
    close: async () => {
      if (!pool) return;
      const open = await pool.catch(() => null);
      await open?.close();
    },
  };
}

/**
 * Errors after which a session is as it was: conflicts, violated constraints, an
 * object or a right that is missing, and our own of a lock (51000 not granted, 51001 victim of a deadlock).
 */
const HARMLESS = [1205, 3960, 1222, 2627, 2601, 547, 515, 207, 208, 229, 51_000, 51_001];

/**
 * Whether a failure of the driver or the server leaves open
 * what became of its session. What others throw does not.
 */
export function leavesSessionInDoubt(error: unknown): boolean {
  if (!(error instanceof mssql.MSSQLError)) return false;
  return !HARMLESS.includes((error as { number?: number }).number ?? 0);
}

/**
 * A request, a connection or a free session took too long. Of a request, the driver has closed the session,
 * or the server has confirmed that it was cut off.
 */
function isTimeout(error: unknown): boolean {
  const { code, message } = error as { code?: string; message: string };
  return code === "ETIMEOUT" || /operation timed out/.test(message);
}

/**
 * The server, or Azure in front of it, is moving, throttling or not up yet, and says so; it passes within
 * seconds. See https://learn.microsoft.com/azure/azure-sql/database/troubleshoot-common-errors-issues
 */
const UNAVAILABLE = [
  20, 64, 233, 615, 926, 4060, 4221, 10_928, 10_929, 10_936, 40_143, 40_197, 40_501, 40_540, 40_613, 42_108,
  42_109, 49_918, 49_919, 49_920,
];

/** Worth another try after seconds: the server does not answer, or says that it cannot at the moment. */
export function isUnavailableSqlServer(error: unknown): boolean {
  for (
    let each = error;
    each instanceof Error;
    each = each.cause ?? (each as { originalError?: unknown }).originalError
  ) {
    const { number, code } = each as { number?: number; code?: string };
    if (UNAVAILABLE.includes(number ?? 0)) return true;
    if (["ESOCKET", "ETIMEOUT", "ECONNRESET", "EINVALIDSTATE", "ECONNCLOSED"].includes(code ?? ""))
      return true;
  }
  return false;
}

/** Deadlock victim, snapshot conflict, lock time-out: the work was rolled back and may simply run again. */
export function isTransientSqlServer(error: unknown): boolean {
  return [1205, 3960, 1222, 51_001].includes((error as { number?: number }).number ?? 0);
}

/** A row with this unique value is already there: 2627 (constraint) or 2601 (index). */
export function isDuplicateKey(error: unknown): boolean {
  return [2627, 2601].includes((error as { number?: number }).number ?? 0);
}

/**
 * Too long, not to be converted, out of range, null where none may be, against a constraint, or no valid
 * value of a parameter's type (80xx, where the server reads it, or EPARAM, where the driver does).
 */
const REFUSED = [
  220, 232, 241, 242, 245, 248, 295, 296, 515, 517, 547, 2628, 8016, 8023, 8037, 8061, 8114, 8115, 8152, 8169,
];

/** The values of a request are to blame, not the server's state. */
export function isRefusedBySqlServer(error: unknown): boolean {
  const { number, code } = error as { number?: number; code?: string };
  return REFUSED.includes(number ?? 0) || code === "EPARAM";
}

/** Runs work again after a passing conflict, or when a rival was first to insert the same key. */
export const retryTransient = retryWhen((error) => isTransientSqlServer(error) || isDuplicateKey(error));
