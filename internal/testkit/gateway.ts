import { generateKeyPair, type KeyObject, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { promisify } from "node:util";
import { exportJWK, type JSONWebKeySet, SignJWT } from "jose";
import { cartSchema } from "../cart/cart-schema.ts";
import { CART_API } from "../cart/openapi.ts";
import { CATALOG_API } from "../catalog/calls.ts";
import type { CacheLimits } from "../gateway/catalog-cache/cache-store.http.ts";
import { createCatalogCache } from "../gateway/catalog-cache/catalog-cache.http.ts";
import { createBodyMemory } from "../gateway/edge/body-memory.ts";
import { rememberTokens } from "../gateway/identity/token-cache.ts";
import { createTokenVerifier, issueGuestToken } from "../gateway/identity/tokens.ts";
import { type KeySource, openKeySet } from "../gateway/identity/user-keys.ts";
import { createRateLimits, type Quotas, type WindowCounter } from "../gateway/limits/rate-limit.ts";
import { createMemoryCounter } from "../gateway/limits/rate-limit-memory.ts";
import { publicDocument } from "../gateway/openapi.ts";
import { GATEWAY_PROBLEMS } from "../gateway/problems.ts";
import { gatewayRoutes } from "../gateway/routes.ts";
import type { SessionStore } from "../gateway/sessions/session-store.ts";
import { createSessions } from "../gateway/sessions/sessions.ts";
import type { UpstreamName } from "../gateway/table.ts";
import type { BalancerOptions } from "../gateway/upstream/balancer.http.ts";
import { hashOf } from "../gateway/upstream/choose.ts";
import { createUpstreamMetrics } from "../gateway/upstream/metrics.ts";
import { createUpstream } from "../gateway/upstream/proxy.http.ts";
import { ordersApi } from "../orders/calls.ts";
import { createApp } from "../platform/http/app.ts";
import type { ConnectionLimits } from "../platform/http/connection-limits.ts";
import { listen } from "../platform/http/server.ts";
import {
  createInternalTokenSigner,
  createInternalTokenVerifier,
} from "../platform/identity/internal-token.ts";
import { fixedKeyRing, type KeyRing } from "../platform/identity/key-ring.ts";
import type { Logger } from "../platform/logger/logger.ts";
import { Registry } from "../platform/metrics/metrics.ts";
import { recordingLogger } from "./recording-logger.ts";

export const SESSION_SECRET = "a-secret-of-the-gateway-s-sessions";
export const INTERNAL_SECRET = "a-secret-between-gateway-and-cart";
export const SESSION_KEYS = fixedKeyRing(SESSION_SECRET);
export const INTERNAL_KEYS = fixedKeyRing(INTERNAL_SECRET);
export const ISSUER = "https://issuer.test";
export const AUDIENCE = "shop";
const CACHE_LIMITS: CacheLimits = { totalBytes: 10_000_000, entryBytes: 100_000, entries: 1_000 };
/** Whom the gateway's internal tokens are for. */
export const CART_AUDIENCE = "cartwright-cart";

/** For tests that only open sessions: it remembers none, so that they need no Redis. */
const FORGETFUL: SessionStore = {
  open: async () => {},
  rotate: async () => ({ outcome: "ended" }),
  check: async () => ({ outcome: "ended" }),
  revoke: async () => false,
};

/** A gateway in this process, before upstreams of the test's own. */
export interface GatewayUnderTest {
  readonly url: string;
  readonly port: number;
  readonly lines: ReturnType<typeof recordingLogger>["lines"];
  metrics(): Promise<string>;
  /** The value of one metric line, such as `gateway_token_cache_total{result="hit"}`; 0 when absent. */
  metric(line: string): Promise<number>;
  /** The Authorization header of a new guest. */
  guest(): Promise<string>;
  close(): Promise<void>;
}

export async function startGateway(options: {
  cartUrl: string;
  catalogUrl?: string;
  keys?: KeySource;
  algorithms?: readonly string[];
  timeoutMs?: number;
  bodyLimitBytes?: number;
  bodyTimeoutMs?: number;
  bodiesTotalBytes?: number;
  quotas?: Quotas;
  trustedProxies?: readonly string[];
  corsOrigins?: readonly string[];
  hstsSeconds?: number;
  /** Of catalog reads; null for none. */
  cache?: { staleWaitMs?: number; limits?: Partial<CacheLimits> } | null;
  connections?: ConnectionLimits;
  /** How the addresses of upstreams are found and watched. */
  upstreams?: Pick<BalancerOptions, "resolve" | "probeEveryMs" | "fallbackUrl" | "budget">;
  /** In place of one in memory; built on the gateway's log and metrics. */
  counter?: (parts: { registry: Registry; log: Logger }) => WindowCounter;
  /** In place of one that remembers no session. */
  sessionStore?: SessionStore;
  keyRing?: KeyRing;
  graceSeconds?: number;
  lifetimeSeconds?: number;
}): Promise<GatewayUnderTest> {
  const { log, lines } = recordingLogger();
  const registry = new Registry();
  const quotas = options.quotas ?? {};
  const counter = options.counter?.({ registry, log }) ?? createMemoryCounter(quotas);
  const sessionKeys = options.keyRing ?? SESSION_KEYS;
  const sessions = createSessions({
    store: options.sessionStore ?? FORGETFUL,
    keys: sessionKeys,
    accessSeconds: 900,
    lifetimeSeconds: options.lifetimeSeconds ?? 86_400,
    graceSeconds: options.graceSeconds ?? 30,
    registry,
    log,
  });
  const timeoutMs = options.timeoutMs ?? 10_000;
  const metricsOf = createUpstreamMetrics(registry);
  const common = (name: UpstreamName, urls: string) => ({
    name,
    urls: urls.split(","),
    timeoutMs,
    metrics: metricsOf(name),
    log,
    ...options.upstreams,
  });
  const cart = createUpstream({ ...common("cart", options.cartUrl), keyOf: hashOf });
  const read = common("catalog", options.catalogUrl ?? options.cartUrl);
  const catalog =
    options.cache === null
      ? createUpstream(read)
      : createCatalogCache({
          ...read,
          staleWaitMs: 500,
          registry,
          ...options.cache,
          limits: { ...CACHE_LIMITS, ...options.cache?.limits },
        });
  const algorithms = options.algorithms ?? ["ES256"];
  const keys = options.keys && openKeySet(options.keys, log);
  const users = keys ? { keys, issuer: ISSUER, audience: AUDIENCE, algorithms } : null;
  const app = createApp({
    log,
    registry,
    problems: GATEWAY_PROBLEMS,
    routes: (app) =>
      gatewayRoutes(app, {
        sessions,
        verify: rememberTokens(createTokenVerifier(sessionKeys, users, log), {
          entries: 50_000,
          edition: () => keys?.edition() ?? 0,
          registry,
        }),
        signer: createInternalTokenSigner({ keys: INTERNAL_KEYS, audience: CART_AUDIENCE }),
        upstreams: { cart: cart.handler, catalog: catalog.handler },
        document: publicDocument({ cart: [CART_API, ordersApi(cartSchema)], catalog: [CATALOG_API] }),
        bodyLimitBytes: options.bodyLimitBytes ?? 65_536,
        bodyTimeoutMs: options.bodyTimeoutMs ?? 10_000,
        bodyMemory: createBodyMemory(options.bodiesTotalBytes ?? 16_777_216, registry),
        limit: createRateLimits({ quotas, counter, registry }),
        trustedProxies: options.trustedProxies ?? [],
        corsOrigins: options.corsOrigins ?? [],
        hstsSeconds: options.hstsSeconds ?? 0,
        log,
      }),
  });
  const { connections } = options;
  const listening = {
    host: "127.0.0.1",
    port: 0,
    told: { registry, log },
    ...(connections && { connections }),
  };
  const server = await listen(app, listening);
  return {
    url: `http://127.0.0.1:${server.port}`,
    port: server.port,
    lines,
    metrics: () => registry.metrics(),
    metric: async (line) => {
      const found = (await registry.metrics()).split("\n").find((each) => each.startsWith(`${line} `));
      return Number(found?.split(" ").at(-1) ?? 0);
    },
    guest: async () => `Bearer ${await issueGuestToken(sessionKeys, randomUUID(), 3_600)}`,
    close: async () => {
      await server.close();
      cart.close();
      catalog.close();
    },
  };
}

/** What an upstream was asked. */
export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: string;
  /** The owner in the gateway's token; null without a valid one. */
  readonly owner: string | null;
  /** The guest in it, whose token the body has presented. */
  readonly guest: string | null;
}

export interface RecordingUpstream {
  readonly url: string;
  readonly server: Server;
  /** What arrived, in order of its completion. */
  readonly asked: Asked[];
  last(): Asked;
  close(): Promise<void>;
}

const verifier = createInternalTokenVerifier({ keys: INTERNAL_KEYS, audience: CART_AUDIENCE });

/**
 * A server that notes each whole request and answers by `answer`: without one, 200 with the owner as JSON.
 */
export async function startUpstream(answer?: RequestListener): Promise<RecordingUpstream> {
  const asked: Asked[] = [];
  const server = createServer(async (req, res) => {
    let body = "";
    req.on("data", (chunk) => (body += chunk));
    req.on("error", () => {});
    req.on("end", async () => {
      const token = req.headers["x-cartwright-identity"];
      const identity = typeof token === "string" ? await verifier.verify(token) : null;
      const owner = identity?.owner ?? null;
      const { method = "", url = "", headers, rawHeaders } = req;
      const guest = identity?.guest ?? null;
      asked.push({ method, url, headers, rawHeaders, body, owner, guest });
      if (answer) answer(req, res);
      else res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ owner }));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    asked,
    last: () => asked.at(-1)!,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** A connection on which a test says exactly what it wants, byte by byte. */
export interface RawClient {
  readonly socket: Socket;
  /** All that came so far. */
  text(): string;
  closed(): boolean;
}

/** Connects to a port and sends `request` as it is, but with its line ends made CRLF. */
export function sendRaw(port: number, request: string): RawClient {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  let closed = false;
  socket.on("data", (data) => (text += data));
  socket.on("error", () => {});
  socket.on("close", () => {
    closed = true;
  });
  socket.write(request.replaceAll("\n", "\r\n"));
  return { socket, text: () => text, closed: () => closed };
}

export interface TestIssuer {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly jwks: JSONWebKeySet;
}

/** A key pair of an issuer of users' tokens, and its key set. */
export async function testIssuer(type: "EC" | "RSA" = "EC", kid = "k1"): Promise<TestIssuer> {
  const { privateKey, publicKey } =
    type === "EC"
      ? await promisify(generateKeyPair)("ec", { namedCurve: "P-256" })
      : await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  const alg = type === "EC" ? "ES256" : "RS256";
  return {
    privateKey,
    publicKey,
    jwks: { keys: [{ ...(await exportJWK(publicKey)), kid, alg, use: "sig" }] },
  };
}

/** A token of the user `sub` that the gateway under test takes for an hour. */
export function userToken(issuer: TestIssuer, sub: string, expiresIn = "1h"): Promise<string> {
  return new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub })
    .setProtectedHeader({ alg: "ES256", kid: "k1" })
    .setExpirationTime(expiresIn)
    .sign(issuer.privateKey);
}
