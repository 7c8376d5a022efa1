import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate } from "node:zlib";
import { Pool } from "undici";
import { MOST_IDLE_MS } from "../../platform/http/kept-connections.ts";
import type { Logger } from "../../platform/logger/logger.ts";
import { Gauge, type Registry } from "../../platform/metrics/metrics.ts";
import {
  activeTraceparent,
  inSpan,
  type Span,
  type SpanOptions,
} from "../../platform/telemetry/telemetry.ts";
import { attemptRead, CONNECT_ATTEMPTS } from "./catalog-attempts.ts";
import { createCatalogBreaker, HALF_OPEN_AFTER_MS, isNotAsked, RequestFault } from "./catalog-breaker.ts";

/** The largest answer in bytes, as sent and as decoded. */
const MOST_BYTES = 1024 * 1024;

/** An answer about what was asked for; null is 404 or 410: the catalog does not have it. */
export type Answer = { readonly body: unknown } | null;

/** GET requests to one catalog, behind a breaker. */
export interface CatalogRequests {
  /**
   * What `read` makes of the answer. Rejects with a {@link RequestFault} on any other 4xx, which is about
   * this request alone; and when there is no answer in time, when it is not 200 with JSON of at most 1
   * MiB, when `read` throws, and at once while the breaker is open. A redirect is not followed.
   */
  get<T>(path: string, read: (answer: Answer) => T): Promise<T>;
  /** Lets requests under way end, within their timeout. */
  close(): Promise<void>;
}

/**
 * `timeoutMs` bounds a whole exchange, from waiting for a connection to
 * the last byte, repetitions included. Trouble is logged when it begins and when it ends.
 */
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
    keepAliveTimeout: MOST_IDLE_MS,
    // Whatever longer time the catalog promises.
    keepAliveMaxTimeout: MOST_IDLE_MS,
    connect: { timeout: Math.ceil(timeoutMs / CONNECT_ATTEMPTS) },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    maxResponseSize: MOST_BYTES,
  });
  const spanOptions = spanOptionsOf(base);
  const breaker = createCatalogBreaker();
  new Gauge({
    name: "catalog_breaker_open",
    help: "1 while the catalog is not asked because it keeps failing",
    registers: [registry],
    collect() {
      this.set(breaker.isOpen() ? 1 : 0);
    },
  });
  const health = createHealthLog(log);

  function ask(path: string, signal: AbortSignal) {
    const traceparent = activeTraceparent();
    const headers = {
      accept: "application/json",
      "accept-encoding": "gzip, br, deflate",
      ...(traceparent !== null && { traceparent }),
    };
    return pool.request({ method: "GET", path: prefix + path, headers, signal });
  }

  async function exchange(path: string, span: Span | null): Promise<Answer> {
    span?.set({ "url.full": base.origin + prefix + path });
    const signal = AbortSignal.timeout(timeoutMs);
    const { statusCode, headers, body } = await attemptRead(() => ask(path, signal));
    span?.set({ "http.response.status_code": statusCode });
    if (statusCode === 200) {
      const bytes = await decoded(await body.bytes(), String(headers["content-encoding"] ?? "identity"));
      return { body: JSON.parse(bytes.toString()) };
    }
    await body.dump();
    if (statusCode === 404 || statusCode === 410) return null;
    throw faultOf(statusCode, headers.location);
  }

  return {
    get: async (path, read) => {
      const lookUp = () => inSpan(spanOptions, async (span) => read(await exchange(path, span)));
      try {
        const result = await breaker.execute(lookUp, lookUp);
        health.good();
        return result;
      } catch (error) {
        if (!isNotAsked(error) && !(error instanceof RequestFault)) health.bad(error);
        throw error;
      }
    },
    close: () => pool.close(),
  };
}

/** What every request to the catalog at `base` says of itself. */
function spanOptionsOf(base: URL): SpanOptions {
  return {
    name: "GET catalog",
    kind: "client",
    attributes: {
      "http.request.method": "GET",
      "server.address": base.hostname,
      "server.port": Number(base.port || (base.protocol === "https:" ? 443 : 80)),
    },
  };
}

const DECODERS = new Map([
  ["gzip", promisify(gunzip)],
  ["x-gzip", promisify(gunzip)],
  ["br", promisify(brotliDecompress)],
  ["deflate", promisify(inflate)],
]);

/**
 * Undoes content codings (RFC 9110 section 8.4), the last applied
 * first. undici's own decoder is experimental, and says so.
 */
async function decoded(sent: Uint8Array, codings: string): Promise<Buffer> {
  let bytes = Buffer.from(sent.buffer, sent.byteOffset, sent.byteLength);
  const names = codings.toLowerCase().split(",");
  for (const name of names.map((coding) => coding.trim()).reverse()) {
    if (name === "identity") continue;
    const decode = DECODERS.get(name);
    if (decode === undefined) throw new Error(`the catalog answered in an unknown coding: ${name}`);
    bytes = await decode(bytes, { maxOutputLength: MOST_BYTES });
  }
  return bytes;
}

/** 408 and 429 are about the catalog's state, other 4xx about what was asked. */
function faultOf(status: number, location: string | string[] | undefined): Error {
  if (status >= 300 && status < 400)
    return new Error(
      `the catalog redirects (${status}) to ${String(location).slice(0, 200)}: set CATALOG_URL to where it is`,
    );
  const isAboutRequest = status >= 400 && status < 500 && status !== 408 && status !== 429;
  return new (isAboutRequest ? RequestFault : Error)(`the catalog answered ${status}`);
}

/**
 * Says when trouble begins and when it is over: at the first
 * success that has had no failure shortly before it.
 */
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
