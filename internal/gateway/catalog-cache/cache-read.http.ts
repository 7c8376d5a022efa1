import type { Dispatcher } from "undici";
import { isUsable, mayServeOnError } from "./cache-freshness.ts";
import {
  type Answer,
  type CacheLookup,
  type Read,
  readFetched,
  readFresh,
  readKept,
  readStaleIfError,
} from "./cache-outcome.ts";
import type { AnswerStore, CacheKey } from "./cache-store.http.ts";
import type { CatalogFetch, ForwardingState } from "./catalog-fetch.http.ts";
import { requestDirectives } from "./request-directives.ts";

/** There is nothing kept for a request that wants nothing else. */
export class NotCached extends Error {}

/**
 * Reads through the cache, each answer whole. What is kept stands in, where the catalog allowed it, for an
 * answer that fails or takes longer than `staleWaitMs`; that one is then still awaited, and kept. Rejects
 * with {@link NotCached}, a FetchTimeout, or what else kept the catalog from answering.
 */
export function createReader(parts: { store: AnswerStore; fetch: CatalogFetch; staleWaitMs: number }) {
  const { store, fetch, staleWaitMs } = parts;

  /** `key` with its headers; `cacheControl` is the client's. */
  return (key: CacheKey, cacheControl: string | undefined): Promise<Read> =>
    new Promise((resolve, reject) => {
      const at = Date.now();
      const kept = store.get(key);
      const { noStore, onlyIfCached, heeded } = requestDirectives(cacheControl, kept, at);
      if (kept !== undefined && heeded === undefined && isUsable(kept, at))
        return resolve(readFresh(kept, at));
      const lookup: CacheLookup = { at, kept, knowsUrl: kept !== undefined || store.knows(key), noStore };
      const forwarding = newForwardingState(kept, onlyIfCached);
      let staleWait: NodeJS.Timeout | undefined;

      function fail(error: Error): void {
        clearTimeout(staleWait);
        const now = Date.now();
        if (onlyIfCached) reject(new NotCached("only-if-cached"));
        else if (kept !== undefined && mayServeOnError(kept, now))
          resolve(readStaleIfError(lookup, forwarding, kept, now));
        else reject(error);
      }

      function finish(answer: Answer, source: Source): void {
        clearTimeout(staleWait);
        const now = Date.now();
        const latest = store.get(key);
        if (source === "none") fail(new NotCached("only-if-cached"));
        else if (source === "kept") resolve(readKept(lookup, answer));
        else if (source === "stale-if-error") resolve(readStaleIfError(lookup, forwarding, kept!, now));
        else resolve(readFetched(lookup, forwarding, answer, latest === kept ? undefined : latest, now));
      }

      const headers = heeded === undefined ? key.headers : { ...key.headers, "cache-control": heeded };
      fetch.dispatch({ ...key, headers: headers ?? {}, forwarding }, collect(forwarding, finish, fail));
      if (forwarding.forwarded && kept !== undefined && mayServeOnError(kept, at))
        staleWait = setTimeout(() => {
          if (mayServeOnError(kept, Date.now())) fail(new Error("the catalog is slow"));
        }, staleWaitMs);
    });
}

function newForwardingState(kept: ForwardingState["kept"], onlyIfCached: boolean): ForwardingState {
  return {
    kept,
    onlyIfCached,
    forwarded: false,
    sent: false,
    unshared: false,
    status: undefined,
    head: undefined,
  };
}

/** Whether an answer is the catalog's, the cache's own, its own instead of the catalog's, or no answer. */
type Source = "fetched" | "kept" | "stale-if-error" | "none";

function collect(
  forwarding: ForwardingState,
  finish: (answer: Answer, source: Source) => void,
  fail: (error: Error) => void,
): Dispatcher.DispatchHandler {
  let status = 0;
  let head: Answer["head"] = {};
  let source: Source = "fetched";
  const body: Buffer[] = [];
  return {
    onResponseStart: (_controller, given, headers) => {
      status = given;
      head = headers as Answer["head"];
      // Told now: while the rest comes, the cache may begin to fetch a new answer.
      source = sourceOf(forwarding, head);
    },
    onResponseData: (_controller, chunk) => void body.push(chunk),
    onResponseEnd: () => finish({ status, head, body }, source),
    onResponseError: (_controller, error) => fail(error),
  };
}

function sourceOf(forwarding: ForwardingState, head: Answer["head"]): Source {
  if (forwarding.head === head) return "fetched";
  // undici answers by itself what it has nothing for.
  if (forwarding.kept === undefined) return "none";
  if (!forwarding.forwarded) return "kept";
  return forwarding.onlyIfCached ? "none" : "stale-if-error";
}
