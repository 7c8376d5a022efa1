import { BrokenCircuitError, CircuitState, ConsecutiveBreaker, circuitBreaker, handleAll } from "cockatiel";
import { Pool } from "undici";
import type { Logger } from "../platform/logger/logger.ts";
import { Gauge, type Registry } from "../platform/metrics/metrics.ts";

/** How long (ms) the breaker stays open before one request tries the catalog again. */
export const HALF_OPEN_AFTER_MS = 1_000;

/** Failures in a row that open the breaker. */
const BREAK_AFTER = 5;
const MOST_BYTES = 1024 * 1024;

/** An answer that a catalog may give; anything else is a failure. */
export type Answer = { readonly status: 200; readonly body: unknown } | { readonly status: 404 };

/** GET requests to one catalog, behind a breaker. */
export interface CatalogRequests {
  /**
   * What `read` makes of the answer. Rejects when there is none in time, when it is neither 200 JSON of at most 1 MiB
   * nor 404, when `read` throws, and at once while the breaker is open.
   */
  get<T>(path: string, read: (answer: Answer) => T): Promise<T>;
  /** Lets requests under way end, within their timeout. */
  close(): Promise<void>;
}

/** `timeoutMs` bounds a whole exchange, from waiting for a connection to the last byte. Trouble is logged when it begins and when it ends. */
export function createCatalogRequests(options: {
  url: string;
  timeoutMs: number;
  log: Logger;
  registry: Registry;
}): CatalogRequests {
  const { timeoutMs, log, registry } = options;
  const base = new URL(options.url);
  const prefix = base.pathname.replace(/\/$/, "");
  const pool = new Pool(base.origin, {
    connections: 32,
    connect: { timeout: timeoutMs },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    maxResponseSize: MOST_BYTES,
  });
  const breaker = circuitBreaker(handleAll, {
    halfOpenAfter: HALF_OPEN_AFTER_MS,
    breaker: new ConsecutiveBreaker(BREAK_AFTER),
  });
  new Gauge({
    name: "catalog_breaker_open",
    help: "1 while the catalog is not asked because it keeps failing",
    registers: [registry],
    collect() {
      this.set(breaker.state === CircuitState.Closed ? 0 : 1);
    },
  });
  const health = createHealthLog(log);

  async function exchange(path: string): Promise<Answer> {
    const { statusCode, body } = await pool.request({
      method: "GET",
      path: prefix + path,
      headers: { accept: "application/json" },
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (statusCode === 200) return { status: 200, body: await body.json() };
    await body.dump();
    if (statusCode === 404) return { status: 404 };
    throw new Error(`the catalog answered ${statusCode}`);
  }

  return {
    get: async (path, read) => {
      try {
        const result = await breaker.execute(async () => read(await exchange(path)));
        health.good();
        return result;
      } catch (error) {
        if (!(error instanceof BrokenCircuitError)) health.bad(error);
        throw error;
      }
    },
    close: () => pool.close(),
  };
}

/** Says when trouble begins and when it is over: at the first success that has had no failure shortly before it. */
function createHealthLog(log: Logger) {
  let failing = false;
  let failedAt = 0;
  return {
    bad: (err: unknown) => {
      failedAt = performance.now();
      if (!failing) log.warn({ err }, "the catalog does not answer sensibly");
      failing = true;
    },
    good: () => {
      // A catalog that fails now and then would otherwise be logged with every request.
      if (!failing || performance.now() - failedAt < HALF_OPEN_AFTER_MS / 2) return;
      failing = false;
      log.info("the catalog answers again");
    },
  };
}
