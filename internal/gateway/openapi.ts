import { z } from "zod";
import type { Call, Calls } from "../platform/http/calls.ts";
import { type Api, type OpenApiDocument, openApiDocument } from "../platform/http/openapi.ts";
import type { HttpCode } from "../platform/problem/catalogue.ts";
import { GATEWAY_CALLS, GATEWAY_MEMBERS } from "./calls.ts";
import { GATEWAY_PROBLEMS, type GatewayCode } from "./problems.ts";
import { covers, ROUTES, type Route, type UpstreamName } from "./table.ts";

/** What the server refuses by itself: what is no proper request, too slow, or a connection too many. */
const BEFORE_ROUTING: readonly HttpCode[] = [
  "INVALID_REQUEST",
  "NOT_FOUND",
  "METHOD_NOT_ALLOWED",
  "REQUEST_TIMEOUT",
  "PAYLOAD_TOO_LARGE",
  "EXPECTATION_FAILED",
  "TOO_MANY_CONNECTIONS",
  "HEADERS_TOO_LARGE",
  "TRANSFER_CODING_NOT_SUPPORTED",
  "OUT_OF_CONNECTIONS",
  "HTTP_VERSION_NOT_SUPPORTED",
];

/**
 * All that clients can call, in one document: the gateway's own calls, and those of the services behind it
 * as they look from outside. Throws when a service describes a call that the table leads nowhere.
 */
export function publicDocument(behind: Readonly<Record<UpstreamName, readonly Api[]>>): OpenApiDocument {
  const services = Object.entries(behind).flatMap(([name, apis]) =>
    apis.map((api) => ({ ...api, calls: seenFromOutside(name, api.calls) })),
  );
  const calls = Object.entries(GATEWAY_CALLS).map(([id, call]) => [id, { ...call, headers: OF_THE_LIMITS }]);
  const own = {
    calls: Object.fromEntries(calls) as Calls,
    problems: GATEWAY_PROBLEMS,
    members: GATEWAY_MEMBERS,
  };
  return openApiDocument({
    title: "Cartwright API",
    server: "/",
    apis: [own, ...services],
    beforeRouting: BEFORE_ROUTING,
  });
}

function seenFromOutside(upstream: string, calls: Calls): Calls {
  const outside = Object.entries(calls).map(([id, call]): [string, Call] => {
    for (const route of ROUTES) {
      if (!("upstream" in route.to) || route.to.upstream !== upstream) continue;
      const path = route.to.strip + call.path;
      const takes = route.methods?.includes(call.method.toUpperCase()) ?? true;
      if (covers(route, path) && takes) return [id, behindRoute(route, { ...call, path })];
    }
    throw new Error(`${id} (${call.method} ${call.path} of the ${upstream}) has no route at the gateway`);
  });
  return Object.fromEntries(outside);
}

function behindRoute(route: Route, call: Call): Call {
  const refusals: GatewayCode[] = [
    "RATE_LIMITED",
    "RATE_LIMIT_UNAVAILABLE",
    "UPSTREAM_UNAVAILABLE",
    "UPSTREAM_TIMEOUT",
    // A body is read before it is known whether the call has one.
    "PAYLOAD_TOO_LARGE",
    "REQUEST_TIMEOUT",
    "OUT_OF_BODY_MEMORY",
    ...(route.isCacheable ? (["NOT_CACHED"] as const) : []),
    ...(route.needsIdentity ? (["UNAUTHENTICATED"] as const) : []),
    ...(route.takesGuestToken
      ? (["GUEST_TOKEN_INVALID", "NOT_A_GUEST_TOKEN", "SESSION_STORE_UNAVAILABLE"] as const)
      : []),
    ...(call.path.includes("{") ? (["INVALID_REQUEST"] as const) : []),
  ];
  const problems = [...new Set([...call.problems, ...refusals])];
  const headers = { ...OF_THE_LIMITS, ...(route.isCacheable && OF_THE_CACHE) };
  return { ...call, isPublic: !route.needsIdentity, headers, problems };
}

/** What the limits say with every answer, unless there are none (draft-ietf-httpapi-ratelimit-headers). */
const OF_THE_LIMITS = {
  RateLimit: {
    description: 'what is left of the quota, and for how many seconds: "owner";r=599;t=60',
    schema: z.string(),
  },
  "RateLimit-Policy": {
    description: 'the quota and its window in seconds: "owner";q=600;w=60',
    schema: z.string(),
  },
};

/** What the gateway's cache says with an answer. */
const OF_THE_CACHE = {
  Age: { description: "seconds since the catalog said so, when it comes from the cache", schema: z.string() },
  "Cache-Status": { description: "what the gateway's cache did (RFC 9211)", schema: z.string() },
};
