import { createCatalogCache } from "../../internal/gateway/catalog-cache/catalog-cache.http.ts";
import { rememberTokens } from "../../internal/gateway/identity/token-cache.ts";
import { createTokenVerifier } from "../../internal/gateway/identity/tokens.ts";
import { createRateLimits } from "../../internal/gateway/limits/rate-limit.ts";
import { createUpstreamMetrics, type UpstreamMetrics } from "../../internal/gateway/upstream/metrics.ts";
import { createUpstream } from "../../internal/gateway/upstream/proxy.http.ts";
import type { Upstream } from "../../internal/gateway/upstream/upstream.ts";
import { openKeyRing } from "../../internal/platform/identity/open-key-ring.ts";
import { shardOf } from "../../internal/platform/identity/shard-of.ts";
import type { Service } from "../../internal/platform/service/service.ts";
import type { Config } from "./config.ts";
import { openCounter } from "./open-counter.ts";
import { openSessions } from "./open-sessions.ts";
import { boundsOf, quotasOf, userTokensOf } from "./parts-of-config.ts";

/** Opens what the gateway stands on; everything closes with the process. */
export async function openAdapters(config: Config, service: Service) {
  const { log, registry, lifecycle } = service;
  const timeoutMs = config.UPSTREAM_TIMEOUT_MS;
  const metricsOf = createUpstreamMetrics(registry);
  const cart = createUpstream({
    name: "cart",
    urls: config.CART_URL,
    ...(config.CART_FALLBACK_URL && { fallbackUrl: config.CART_FALLBACK_URL }),
    keyOf: (owner) => shardOf(owner, config.CART_SHARDS),
    timeoutMs,
    metrics: metricsOf("cart"),
    log,
  });
  const catalog = openCatalog(config, metricsOf("catalog"), service);
  for (const upstream of [cart, catalog]) lifecycle.onStop("upstream connections", upstream.close);

  const users = userTokensOf(config, log);
  const sessionKeys = openKeyRing("SESSION", config, service);
  const edition = () => sessionKeys.edition() + (users?.keys.edition() ?? 0);
  const verify = createTokenVerifier(sessionKeys, users, log);
  const quotas = quotasOf(config);
  return {
    upstreams: { cart: cart.handler, catalog: catalog.handler },
    verify: rememberTokens(verify, { entries: config.TOKEN_CACHE_ENTRIES, edition, registry }),
    limit: createRateLimits({ quotas, counter: openCounter(config, quotas, service), registry }),
    sessions: await openSessions(config, sessionKeys, service),
    internalKeys: openKeyRing("INTERNAL_TOKEN", config, service),
    bounds: boundsOf(config),
  };
}

/** The way to the catalog: through a cache, unless it is to keep nothing. */
function openCatalog(config: Config, metrics: UpstreamMetrics, { log, registry }: Service): Upstream {
  const upstream = {
    name: "catalog",
    urls: config.CATALOG_URL,
    timeoutMs: config.UPSTREAM_TIMEOUT_MS,
    metrics,
    log,
  };
  if (config.CATALOG_CACHE_BYTES === 0) return createUpstream(upstream);
  const limits = {
    totalBytes: config.CATALOG_CACHE_BYTES,
    entryBytes: Math.min(config.CATALOG_CACHE_ENTRY_BYTES, config.CATALOG_CACHE_BYTES),
    entries: config.CATALOG_CACHE_ENTRIES,
  };
  return createCatalogCache({ ...upstream, limits, staleWaitMs: config.CATALOG_STALE_WAIT_MS, registry });
}
