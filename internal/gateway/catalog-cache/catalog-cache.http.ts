import type { Request, Response } from "express";
import { Counter, type Registry } from "../../platform/metrics/metrics.ts";
import { type GatewayProblem, refuse } from "../problems.ts";
import { setHead } from "../upstream/answer-headers.ts";
import type { BalancerOptions } from "../upstream/balancer.http.ts";
import { TIMEOUT, UNAVAILABLE, type Upstream } from "../upstream/upstream.ts";
import { inOnePiece, isKnown, notModifiedHead } from "./cache-answers.ts";
import { sharedHeaders } from "./cache-forwarded.ts";
import type { Answer, Outcome } from "./cache-outcome.ts";
import { createReader, NotCached } from "./cache-read.http.ts";
import { cacheStatus } from "./cache-status.ts";
import { type CacheLimits, createAnswerStore } from "./cache-store.http.ts";
import { createCatalogFetch, FetchTimeout } from "./catalog-fetch.http.ts";

/** Whichever address of the catalog answers, the answer is the same. */
const ANY_ADDRESS = "http://catalog";

/**
 * Reads of the catalog from a cache that all clients share (RFC 9111). Nothing of who asks
 * reaches it, and answers that are not for everybody do not stay in it. While the catalog is away or takes
 * more than `staleWaitMs`, what it allowed to be given stale is. `Cache-Status` tells what was done. An
 * answer is sent once it is there whole: a catalog that fails half way is 502 or 504, as is one that does
 * not answer at all.
 */
export function createCatalogCache(
  options: BalancerOptions & { staleWaitMs: number; limits: CacheLimits; registry: Registry },
): Upstream {
  const { staleWaitMs, registry } = options;
  const store = createAnswerStore(options.limits, registry);
  const fetch = createCatalogFetch({ ...options, store });
  const read = createReader({ store, fetch, staleWaitMs });
  const requests = new Counter({
    name: "gateway_cache_requests_total",
    help: "Reads of the catalog by what the cache did for them",
    labelNames: ["outcome"] as const,
    registers: [registry],
  });
  for (const outcome of ["hit", "stale", "miss", "collapsed", "revalidated", "bypass"] satisfies Outcome[])
    requests.inc({ outcome }, 0);

  return {
    handler: async (req, res) => {
      // A HEAD is answered by what GET would be: they share an entry.
      const key = { origin: ANY_ADDRESS, method: "GET", path: req.url, headers: sharedHeaders(req.headers) };
      const found = await read(key, req.headers["cache-control"]).catch(failureOf);
      requests.inc({ outcome: found instanceof Error ? "miss" : found.outcome });
      // Asked for by the client, and so no failure that the rules should count.
      if (found instanceof NotCached) res.locals.route = "not-cached";
      if (res.destroyed) return;
      if (found instanceof Error) refuse(req, res, problemOf(found));
      else send(req, res, found.answer, cacheStatus(found.parameters));
    },
    close: fetch.close,
  };
}

/** What a read failed by; a fault of ours is none, and thrown on. */
function failureOf(error: unknown): Error {
  const isOurs = error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;
  if (isOurs || !(error instanceof Error)) throw error;
  return error;
}

function problemOf(error: Error): GatewayProblem {
  if (error instanceof NotCached)
    return { code: "NOT_CACHED", detail: "Nothing is stored for this request, which asks for nothing else." };
  return error instanceof FetchTimeout ? TIMEOUT : UNAVAILABLE;
}

/** Answers the client, with 304 when it has the answer already. */
function send(req: Request, res: Response, { status, head, body }: Answer, member: string): void {
  const known = isKnown(req.headers["if-none-match"], status, head);
  setHead(res, known ? notModifiedHead(head) : head);
  const caches = head["cache-status"];
  res.setHeader("cache-status", caches === undefined ? member : `${caches}, ${member}`);
  res.statusCode = known ? 304 : status;
  const bytes = inOnePiece(body);
  if (!known && status !== 204 && status !== 304) res.setHeader("content-length", bytes.length);
  res.end(req.method === "HEAD" || known ? undefined : bytes);
}
