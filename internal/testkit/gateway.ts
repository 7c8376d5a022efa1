import { randomUUID } from "node:crypto";
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
import { createInternalTokenSigner } from "../platform/identity/internal-token.ts";
import type { KeyRing } from "../platform/identity/key-ring.ts";
import type { Logger } from "../platform/logger/logger.ts";
import { Registry } from "../platform/metrics/metrics.ts";
import { CART_AUDIENCE, INTERNAL_KEYS, SESSION_KEYS } from "./gateway-keys.ts";
import { recordingLogger } from "./recording-logger.ts";
import { AUDIENCE, ISSUER } from "./test-issuer.ts";

const CACHE_LIMITS: CacheLimits = { totalBytes: 10_000_000, entryBytes: 100_000, entries: 1_000 };

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
