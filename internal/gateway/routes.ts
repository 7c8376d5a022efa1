import type { Express, Request, RequestHandler, Response } from "express";
import { methodNotAllowed } from "../platform/http/calls.ts";
import type { OpenApiDocument } from "../platform/http/openapi.ts";
import { PREFIX_HEADER, pathOf } from "../platform/http/refuse.ts";
import type { Identity } from "../platform/identity/identity.ts";
import type { IdentitySigner } from "../platform/identity/internal-token.ts";
import type { Logger } from "../platform/logger/logger.ts";
import { networkOf } from "../platform/net/network-of.ts";
import { networks } from "../platform/net/networks.ts";
import { invalid } from "../platform/problem/problem.ts";
import { ok } from "../platform/result/result.ts";
import type { BodyMemory } from "./edge/body-memory.ts";
import { browserHeaders } from "./edge/browser-headers.ts";
import { createBodyReader } from "./edge/read-body.ts";
import { trustedForwarding } from "./edge/trusted-forwarding.ts";
import { createAuthenticator } from "./identity/authenticate.ts";
import { presentedGuest } from "./identity/presented-guest.ts";
import type { VerifyToken } from "./identity/tokens.ts";
import type { createRateLimits, LimitClass } from "./limits/rate-limit.ts";
import { createOwnCalls } from "./own-calls.ts";
import { type GatewayProblem, refuse } from "./problems.ts";
import type { Sessions } from "./sessions/sessions.ts";
import { ownCallOf, type Route, routeOf, type UpstreamName } from "./table.ts";
import { outgoingHeaders } from "./upstream/outgoing-headers.ts";

/** Dot segments, doubled slashes and encoded separators: paths that two servers may read differently. */
const AMBIGUOUS = /\/\/|\/\.{1,2}(\/|$)|%2f|%5c|%2e|\\/i;

/** Serves what the table (`table.ts`) says, each request through the same steps in the same order. */
export function gatewayRoutes(
  app: Express,
  parts: {
    sessions: Sessions;
    document: OpenApiDocument;
    verify: VerifyToken;
    signer: IdentitySigner;
    upstreams: Readonly<Record<UpstreamName, RequestHandler>>;
    bodyLimitBytes: number;
    bodyTimeoutMs: number;
    /** What bodies of all requests share. */
    bodyMemory: BodyMemory;
    limit: ReturnType<typeof createRateLimits>;
    /** Addresses and CIDRs of proxies whose Forwarded and X-Forwarded-* are trusted, right to left. */
    trustedProxies: readonly string[];
    /** Origins whose pages may call, or `*`. */
    corsOrigins: readonly string[];
    /** s; 0 leaves HSTS to whoever ends TLS. */
    hstsSeconds: number;
    log: Logger;
  },
): void {
  const { signer, upstreams, limit } = parts;
  if (parts.trustedProxies.length > 0) {
    const trusts = networks(parts.trustedProxies);
    app.set("trust proxy", trusts);
    app.use(trustedForwarding(trusts));
  }
  for (const handler of browserHeaders(parts)) app.use(handler);
  const authenticate = createAuthenticator(parts.verify, parts.log);
  const readBody = createBodyReader({
    limitBytes: parts.bodyLimitBytes,
    timeoutMs: parts.bodyTimeoutMs,
    memory: parts.bodyMemory,
  });
  const own = createOwnCalls({ ...parts, readBody });

  /** The body is whole, and the client's headers are replaced, before a connection upstream is taken. */
  async function prepare(
    req: Request,
    res: Response,
    route: Route,
    strip: string,
    identity: Identity | null,
  ) {
    const body = await readBody(req, res, route.bodyLimitBytes);
    if (!body.ok) return body;
    const presents = route.takesGuestToken && identity?.kind === "user";
    const guest = presents ? await presentedGuest(body.value, parts) : ok(null);
    if (!guest.ok) return guest;
    const whole = identity && { ...identity, ...(guest.value !== null && { guest: guest.value }) };
    const token = whole && (await signer.sign(whole));
    res.locals.body = body.value ?? undefined;
    res.locals.owner = identity?.owner;
    req.headers = outgoingHeaders(req, body.value, token, route.isCacheable);
    req.headers[PREFIX_HEADER] = strip;
    req.url = req.originalUrl.slice(strip.length);
    return body;
  }

  /** Counts a request, whose answer then says what is left, and gives what to refuse it with. */
  async function count(req: Request, res: Response, limitClass: LimitClass, owner: string | undefined) {
    const { headers, refusal } = await limit(limitClass, owner ?? networkOf(req.ip ?? ""));
    for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
    return refusal;
  }

  /** What is refused for what it is has no owner: its address has sent it. */
  const refuseCounted = async (req: Request, res: Response, problem: GatewayProblem) =>
    refuse(req, res, (await count(req, res, "address", undefined)) ?? problem);

  app.use(async (req, res, next) => {
    const path = pathOf(req);
    if (AMBIGUOUS.test(path))
      return refuseCounted(req, res, invalid("path", "must have no empty, dot or encoded segments"));
    const route = routeOf(path);
    if (route === undefined) {
      const refusal = await count(req, res, "address", undefined);
      return refusal === null ? next() : refuse(req, res, refusal);
    }
    res.locals.route = route.path;
    if (route.methods !== null && !route.methods.includes(req.method))
      return refuseCounted(req, res, methodNotAllowed(route.methods));
    const identity = route.needsIdentity ? await authenticate(req) : ok(null);
    if (!identity.ok) return refuseCounted(req, res, identity.error);
    const refusal = await count(req, res, route.limitClass, identity.value?.owner);
    if (refusal !== null) return refuse(req, res, refusal);
    if (!route.isCacheable) res.setHeader("cache-control", "no-store");
    if ("own" in route.to) return own[ownCallOf(route.to.own, req.method)](req, res, next);
    const prepared = await prepare(req, res, route, route.to.strip, identity.value);
    if (!prepared.ok) return refuse(req, res, prepared.error);
    return upstreams[route.to.upstream](req, res, next);
  });
}
