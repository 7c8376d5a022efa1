import { Counter, type Registry } from "../../platform/metrics/metrics.ts";
import type { GatewayProblem } from "../problems.ts";

/** Whose requests are counted together: an owner's, an address's, or an address's on sessions. */
export type LimitClass = "owner" | "address" | "session";

/** So many requests in a window of so many seconds. */
export interface Quota {
  readonly points: number;
  readonly seconds: number;
}

/** What each class may send; a class without a quota has no limit. */
export type Quotas = Readonly<Partial<Record<LimitClass, Quota>>>;

/** Counts the requests of each `who` in windows that begin with one's first. */
export interface WindowCounter {
  /** Counts one more. Rejects when it cannot tell. */
  count(limitClass: LimitClass, who: string): Promise<WindowCount>;
}

export interface WindowCount {
  /** The requests of this window, this one included. */
  readonly count: number;
  /** Until the window ends, ms. */
  readonly resetMs: number;
}

export interface Verdict {
  /** For every answer, as draft-ietf-httpapi-ratelimit-headers has them. */
  readonly headers: Readonly<Record<string, string>>;
  /** What to refuse with; null while there is quota. */
  readonly refusal: GatewayProblem | null;
}

/** Judges requests by what `counter` says of them; while it cannot tell, all are refused with 503. */
export function createRateLimits(options: { quotas: Quotas; counter: WindowCounter; registry: Registry }) {
  const { quotas, counter } = options;
  const limited = new Counter({
    name: "gateway_rate_limited_total",
    help: "Requests refused because their owner or address had sent too many",
    labelNames: ["policy"] as const,
    registers: [options.registry],
  });
  for (const policy of ["owner", "address", "session"] satisfies LimitClass[]) limited.inc({ policy }, 0);
  return async (limitClass: LimitClass, who: string): Promise<Verdict> => {
    const quota = quotas[limitClass];
    if (quota === undefined) return NO_LIMIT;
    const { points, seconds } = quota;
    const current = await counter.count(limitClass, who).catch(() => null);
    if (current === null) return { headers: {}, refusal: UNAVAILABLE };
    const { count, resetMs } = current;
    const resetSeconds = Math.max(1, Math.ceil(resetMs / 1000));
    const headers = {
      "ratelimit-policy": `"${limitClass}";q=${points};w=${seconds}`,
      ratelimit: `"${limitClass}";r=${Math.max(0, points - count)};t=${resetSeconds}`,
    };
    if (count <= points) return { headers, refusal: null };
    limited.inc({ policy: limitClass });
    return { headers, refusal: exceeded(limitClass, quota, resetSeconds) };
  };
}

const NO_LIMIT: Verdict = { headers: {}, refusal: null };

const UNAVAILABLE: GatewayProblem = {
  code: "RATE_LIMIT_UNAVAILABLE",
  detail: "It cannot be told at the moment whether this request is within its quota; please try again.",
  headers: { "retry-after": "1" },
};

function exceeded(limitClass: LimitClass, { points, seconds }: Quota, resetSeconds: number): GatewayProblem {
  return {
    code: "RATE_LIMITED",
    detail: `The policy "${limitClass}" allows ${points} requests in ${seconds} s.`,
    members: { "violated-policies": [limitClass] },
    headers: { "retry-after": String(resetSeconds) },
  };
}
