import pg from "pg";
import type { Logger } from "../logger/logger.ts";

/**
 * A pool that connects when it is first used and survives a database that comes and goes. Statements are cut off
 * after `statementTimeoutMs` by the server and a little later by the client, so that a frozen server hangs nobody.
 */
export function openPostgres(options: {
  url: string;
  poolSize: number;
  statementTimeoutMs: number;
  log: Logger;
}): pg.Pool {
  const { url, poolSize, statementTimeoutMs, log } = options;
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: 3_000,
    idleTimeoutMillis: 60_000,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + 500,
    keepAlive: true,
    application_name: "cartwright",
  });
  pool.on("error", (err) => log.debug({ err }, "an idle database connection was lost"));
  return pool;
}

/** Deadlock, serialization failure, lock not available: the transaction was rolled back and may simply run again. */
export function isTransientPostgres(error: unknown): boolean {
  return ["40P01", "40001", "55P03"].includes((error as { code?: string }).code ?? "");
}
