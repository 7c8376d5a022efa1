import { createHttpCatalog } from "../../cart/catalog/catalog.http.ts";
import {
  createCartMetrics,
  createExpiredCounter,
  createExpiringCounter,
  createMergedCounter,
  registerWaitingMerges,
} from "../../cart/metrics.ts";
import { registerLiveCartMetrics } from "../../cart/store/live-carts.redis.ts";
import { registerStoreMemory } from "../../cart/store/store-memory.redis.ts";
import { createCatalogCache } from "../../gateway/catalog-cache/catalog-cache.http.ts";
import { createBodyMemory } from "../../gateway/edge/body-memory.ts";
import { rememberTokens } from "../../gateway/identity/token-cache.ts";
import { createRateLimits } from "../../gateway/limits/rate-limit.ts";
import { createMemoryCounter } from "../../gateway/limits/rate-limit-memory.ts";
import { createSharedCounter } from "../../gateway/limits/rate-limit-shared.ts";
import { createSessions } from "../../gateway/sessions/sessions.ts";
import { createUpstreamMetrics } from "../../gateway/upstream/metrics.ts";
import { createOperatorMetrics } from "../../operator/metrics.ts";
import {
  createOrderMetrics,
  createPlacedMetrics,
  createSweptOrdersCounter,
  registerUnsettledOrders,
} from "../../orders/metrics.ts";
import { registerLagMetrics } from "../../outbox/lag.ts";
import {
  createBrokerGauge,
  createDeadPurgedCounter,
  createForwarderMetrics,
  createPurgedCounter,
  createRelayMetrics,
} from "../../outbox/metrics.ts";
import { createApp } from "../../platform/http/app.ts";
import { createConnectionMetrics } from "../../platform/http/connection-limits.ts";
import { refuseLate } from "../../platform/http/deadline.ts";
import { createUnreadCounter } from "../../platform/http/parser-faults.ts";
import { createCutCounter } from "../../platform/http/unread-answers.ts";
import { createCallCounter } from "../../platform/kube/call-counter.ts";
import { createLogger } from "../../platform/logger/logger.ts";
import { createRegistry, type Registry } from "../../platform/metrics/metrics.ts";
import { createFailingGauge } from "../../platform/schedule/every.ts";

/** Stands for what a metric is measured at, in a registry that is described and never scraped. */
const NOWHERE = { defineCommand: () => {} } as never;

/**
 * The registry of each process with every metric that it registers, without a server behind them: to be
 * described, not scraped. What running processes export is held against it in internal/e2e/monitoring.
 */
export function processRegistries(): ReadonlyMap<string, Registry> {
  const log = createLogger("registries", "fatal");
  const serving = (name: string) => {
    const registry = createRegistry(name);
    createApp({ log, registry, routes: () => {} });
    createUnreadCounter(registry);
    createCutCounter(registry);
    return registry;
  };
  const lag = (registry: Registry) => registerLagMetrics({ registry, store: NOWHERE, staging: NOWHERE, log });

  const gateway = serving("gateway");
  createRateLimits({ quotas: {}, counter: createMemoryCounter({}), registry: gateway });
  createSharedCounter({
    shared: NOWHERE,
    local: NOWHERE,
    whenAway: "fail-open",
    registry: gateway,
    log,
  });
  createBodyMemory(1, gateway);
  rememberTokens(NOWHERE, { entries: 1, edition: () => 0, registry: gateway });
  createSessions({
    store: NOWHERE,
    keys: NOWHERE,
    accessSeconds: 1,
    lifetimeSeconds: 1,
    graceSeconds: 0,
    registry: gateway,
    log,
  });
  createCatalogCache({
    name: "catalog",
    urls: ["http://127.0.0.1"],
    timeoutMs: 1,
    metrics: createUpstreamMetrics(gateway)("catalog"),
    staleWaitMs: 1,
    limits: { totalBytes: 1, entryBytes: 1, entries: 1 },
    log,
    registry: gateway,
  });
  createConnectionMetrics(gateway, () => 0);

  const cart = serving("cart");
  refuseLate(cart);
  createCartMetrics(cart, 0);
  createMergedCounter(cart);
  createOrderMetrics(cart);
  createPlacedMetrics(cart, "EUR");
  createForwarderMetrics(cart);
  createHttpCatalog({
    url: "http://127.0.0.1",
    timeoutMs: 1,
    cacheTtlMs: 0,
    currency: "EUR",
    log,
    registry: cart,
  });
  registerLiveCartMetrics(cart, NOWHERE, 0);
  registerStoreMemory(cart, NOWHERE);
  lag(cart);

  const relay = createRegistry("outbox-relay");
  createRelayMetrics(relay);
  createForwarderMetrics(relay);
  createBrokerGauge(relay);
  createExpiredCounter(relay);
  createExpiringCounter(relay);
  createMergedCounter(relay);
  createPurgedCounter(relay);
  createDeadPurgedCounter(relay);
  createFailingGauge(relay);
  createPlacedMetrics(relay, "EUR");
  createSweptOrdersCounter(relay);
  registerUnsettledOrders(relay, NOWHERE, 0);
  registerWaitingMerges(relay, NOWHERE);
  lag(relay);

  const operator = createRegistry("operator");
  createOperatorMetrics(operator, () => false);
  createCallCounter(operator);

  return new Map([
    ["gateway", gateway],
    ["cart", cart],
    ["catalog-stub", serving("catalog-stub")],
    ["outbox-relay", relay],
    ["operator", operator],
  ]);
}
