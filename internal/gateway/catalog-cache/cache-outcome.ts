import type { Head } from "../upstream/answer-headers.ts";
import { ageOf, isFresh, type Lifetime, ttlOf } from "./cache-freshness.ts";
import type { CacheStatusParameters } from "./cache-status.ts";

export type Outcome = "hit" | "stale" | "miss" | "collapsed" | "revalidated" | "bypass";

/** An answer, whole. */
export interface Answer {
  readonly status: number;
  readonly head: Head;
  readonly body: readonly Buffer[];
}

/** An answer that is kept. */
export interface KeptAnswer extends Lifetime {
  readonly statusCode: number;
  readonly headers: Head;
  readonly body: readonly Buffer[];
}

/** An answer, and what the cache did for it. */
export interface Read {
  readonly answer: Answer;
  readonly outcome: Outcome;
  readonly parameters: CacheStatusParameters;
}

/** What a request found when it came. */
export interface CacheLookup {
  /** Epoch ms. */
  readonly at: number;
  readonly kept: KeptAnswer | undefined;
  /** Whether there was another variant of what it asks for, if not this one. */
  readonly knowsUrl: boolean;
  readonly noStore: boolean;
}

/** How it was forwarded to the catalog. */
export interface Forwarding {
  /** Whether it was sent itself, and did not wait for another's answer. */
  readonly sent: boolean;
  /** Whether it did wait, and the answer was not for everybody. */
  readonly unshared: boolean;
  /** What the catalog answered. */
  readonly status: number | undefined;
}

/** What is kept, and fresh: for 1 us of CPU, where undici's cache takes 25. */
export function readFresh(kept: KeptAnswer, at: number): Read {
  return {
    answer: keptAnswer(kept, at),
    outcome: "hit",
    parameters: { forwarded: null, ttlSeconds: ttlOf(kept, at) },
  };
}

const keptAnswer = (kept: KeptAnswer, now: number): Answer => ({
  status: kept.statusCode,
  head: { ...kept.headers, age: String(ageOf(kept, now)) },
  body: kept.body,
});

/** The cache's own answer: fresh, or stale while a new one is fetched. */
export function readKept({ at, kept }: CacheLookup, answer: Answer): Read {
  const { warning: _obsolete, ...head } = answer.head;
  const fresh = kept !== undefined && isFresh(kept, at);
  const ttlSeconds = kept && ttlOf(kept, at);
  return {
    answer: { ...answer, head },
    outcome: fresh ? "hit" : "stale",
    parameters: { forwarded: null, ttlSeconds },
  };
}

/** What is kept, in place of an answer that failed or was late (RFC 5861 section 4). */
export function readStaleIfError(
  lookup: CacheLookup,
  forwarding: Forwarding,
  kept: KeptAnswer,
  now: number,
): Read {
  return {
    answer: keptAnswer(kept, now),
    outcome: "stale",
    parameters: {
      forwarded: reason(lookup),
      forwardedStatus: forwarding.status,
      ttlSeconds: ttlOf(kept, now),
      // A client may have asked for another answer than one that is fresh.
      detail: isFresh(kept, now) ? "upstream-failed" : "stale-if-error",
    },
  };
}

/** The catalog's answer; `kept` is what the cache has of it now. */
export function readFetched(
  lookup: CacheLookup,
  forwarding: Forwarding,
  answer: Answer,
  kept: Lifetime | undefined,
  now: number,
): Read {
  const collapsed = !forwarding.sent;
  const validated = forwarding.status === 304 && answer.status !== 304;
  return {
    answer,
    outcome: lookup.noStore ? "bypass" : collapsed ? "collapsed" : validated ? "revalidated" : "miss",
    parameters: {
      forwarded: reason(lookup),
      forwardedStatus: forwarding.status,
      stored: kept !== undefined,
      collapsed: collapsed || (forwarding.unshared ? false : undefined),
      ttlSeconds: kept && ttlOf(kept, now),
    },
  };
}

/** Why a request was forwarded (RFC 9211 section 2.2). */
function reason({ at, kept, knowsUrl, noStore }: CacheLookup): CacheStatusParameters["forwarded"] {
  if (noStore || (kept !== undefined && isFresh(kept, at))) return "request";
  if (kept !== undefined) return "stale";
  return knowsUrl ? "vary-miss" : "uri-miss";
}
