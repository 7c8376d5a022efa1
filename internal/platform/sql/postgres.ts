import pg from "pg";
import type { Logger } from "../logger/logger.ts";
import { retryWhen } from "./retry.ts";

/** Where a statement can run: on its own, or within a transaction. */
export interface PostgresRunner {
  readonly dialect: "postgres";
  /** Runs one statement; a lost or silent database is an exception, after which the outcome is unknown. */
  query<R extends pg.QueryResultRow>(statement: pg.QueryConfig): Promise<pg.QueryResult<R>>;
}

/** A pool of connections to PostgreSQL. */
export interface Postgres extends PostgresRunner {
  /** Resolves when the server answers a trivial query. */
  ping(): Promise<void>;
  /**
   * Runs `work` in one transaction: committed when it resolves, rolled back when it rejects. A deadlock or
   * serialization failure runs it again from the start, so
   * what it does outside the transaction must bear that.
   */
  transaction<T>(work: (tx: PostgresRunner) => Promise<T>): Promise<T>;
  /** Waits for statements under way, then closes every connection. */
  close(): Promise<void>;
}

interface Running {
  readonly overdueAt: number;
  readonly expire: () => void;
}

/**
 * For how long (ms) a transaction may stand still between two statements before the server ends it. A process
 * that is frozen, or whose node is gone, would hold its locks for ever: others wait for them for longer.
 */
const IDLE_IN_TRANSACTION_MS = 2_000;

/** How often to look for statements that are overdue, in ms. */
const LOOK_MS = 200;

/**
 * A pool that connects when it is first used and survives a database that comes and goes. Statements are cut
 * off after `statementTimeoutMs` by the server and a little later by us, so that a frozen server hangs
 * nobody. For the latter one timer looks after all statements: pg's own option costs one each, and its
 * closures keep every finished query in memory until the next major collection.
 */
export function openPostgres(options: {
  url: string;
  poolSize: number;
  statementTimeoutMs: number;
  log: Logger;
}): Postgres {
  const { url, poolSize, statementTimeoutMs, log } = options;
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: 3_000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    application_name: "cartwright",
    // By statement, not as start-up parameters: PgBouncer refuses a connection over those that it does not
    // know. Planning takes several times as long as running our statements, and is done for each once
    // statistics make a plan for the values at hand look a little cheaper: after an ANALYZE of a backlog,
    // say.
    onConnect: async (client) => {
      const text = [
        `SET statement_timeout = ${statementTimeoutMs}`,
        `SET idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION_MS}`,
        "SET plan_cache_mode = force_generic_plan",
      ].join("; ");
      await client.query({ text, query_timeout: 3_000 } as pg.QueryConfig);
    },
  });
  pool.on("error", (err) => log.debug({ err }, "an idle database connection was lost"));
  // In the order in which they become overdue.
  const running: Running[] = [];
  const watch = setInterval(() => {
    const now = performance.now();
    for (const each of [...running]) if (each.overdueAt <= now) each.expire();
  }, LOOK_MS);
  watch.unref();

  /** One statement on one connection; a connection that fails in any way is not to be used again. */
  function run<R extends pg.QueryResultRow>(
    client: pg.PoolClient,
    statement: pg.QueryConfig,
  ): Promise<pg.QueryResult<R>> {
    return new Promise((resolve, reject) => {
      const finish = (err: Error | undefined, result?: pg.QueryResult<R>) => {
        const at = running.indexOf(entry);
        if (at < 0) return;
        running.splice(at, 1);
        client.off("error", finish);
        if (result) resolve(result);
        else reject(err);
      };
      const entry: Running = {
        overdueAt: performance.now() + statementTimeoutMs + 500,
        expire: () => finish(new Error(`the database did not answer within ${statementTimeoutMs} ms`)),
      };
      running.push(entry);
      client.on("error", finish);
      client.query<R>(statement, (err, result) => finish(err ?? undefined, result));
    });
  }

  /**
   * Takes a connection for `work`. It has a listener from the moment it leaves the pool to the moment it is
   * back: an error between two statements, such as a server that stops, would otherwise end the process.
   */
  function withClient<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      pool.connect((failure, client, release) => {
        if (failure || !client) return reject(failure);
        let broken: Error | undefined;
        const noteError = (err: Error) => {
          broken = err;
        };
        client.on("error", noteError);
        // A connection that has failed in any way is not used again; closing it rolls back what is open.
        const back = (err: Error | undefined) => {
          client.off("error", noteError);
          release(err ?? broken);
        };
        work(client).then(
          (value) => {
            back(undefined);
            resolve(value);
          },
          (err: Error) => {
            back(err);
            reject(err);
          },
        );
      });
    });
  }

  const query = <R extends pg.QueryResultRow>(statement: pg.QueryConfig): Promise<pg.QueryResult<R>> =>
    withClient((client) => run<R>(client, statement));

  const transactionOnce = <T>(work: (tx: PostgresRunner) => Promise<T>): Promise<T> =>
    withClient(async (client) => {
      await run(client, { text: "BEGIN" });
      const value = await work({ dialect: "postgres", query: (statement) => run(client, statement) });
      await run(client, { text: "COMMIT" });
      return value;
    });

  return {
    dialect: "postgres",
    query,
    ping: async () => void (await query({ text: "SELECT 1" })),
    transaction: (work) => retryTransient(() => transactionOnce(work)),
    close: async () => {
      await pool.end();
      clearInterval(watch);
    },
  };
}

/**
 * Deadlock, serialization failure, lock not available: the
 * transaction was rolled back and may simply run again.
 */
export function isTransientPostgres(error: unknown): boolean {
  return ["40P01", "40001", "55P03"].includes((error as { code?: string }).code ?? "");
}

/**
 * Classes 22 (data exception) and 23 (integrity constraint violation): the values are to blame. Not a key
 * that is there (23505): statements leave out known rows, so it tells of a sequence behind its table, or a
 * rival.
 */
export function isRefusedByPostgres(error: unknown): boolean {
  return /^(22|23(?!505))/.test((error as { code?: string }).code ?? "");
}

/** Runs work again after a deadlock, a serialization failure or a lock that was not available. */
export const retryTransient = retryWhen(isTransientPostgres);
