import { refuseWith } from "../platform/http/refuse.ts";
import type { CodeOf, HttpCode, ProblemCatalogue } from "../platform/problem/catalogue.ts";
import type { Problem } from "../platform/problem/problem.ts";

/** What the gateway itself answers, beside what its upstreams say. */
export const GATEWAY_PROBLEMS = {
  UNAUTHENTICATED: { status: 401, title: "A valid access token is needed" },
  GUEST_TOKEN_INVALID: { status: 400, title: "The guest's token is not valid" },
  NOT_A_GUEST_TOKEN: { status: 403, title: "The token is not a guest's" },
  RATE_LIMITED: { status: 429, title: "Too many requests", retryAfter: true },
  UPSTREAM_UNAVAILABLE: {
    status: 502,
    title: "A service behind the gateway did not answer",
    retryAfter: true,
  },
  RATE_LIMIT_UNAVAILABLE: { status: 503, title: "The rate limits are unavailable", retryAfter: true },
  OUT_OF_BODY_MEMORY: { status: 503, title: "Too many bodies at once", retryAfter: true },
  SESSION_STORE_UNAVAILABLE: { status: 503, title: "The sessions are unavailable", retryAfter: true },
  NOT_CACHED: { status: 504, title: "Nothing is stored for a request that wants nothing else" },
  UPSTREAM_TIMEOUT: { status: 504, title: "A service behind the gateway took too long" },
} as const satisfies ProblemCatalogue;

export type GatewayCode = CodeOf<typeof GATEWAY_PROBLEMS> | HttpCode;
export type GatewayProblem = Problem<GatewayCode>;

export const refuse = refuseWith<GatewayCode>();
