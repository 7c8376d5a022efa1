import { createHttpCatalog } from "../../internal/cart/catalog.http.ts";
import { shardKeys } from "../../internal/cart/keys.ts";
import { registerLiveCartMetrics } from "../../internal/cart/live-carts.redis.ts";
import { createCartMetrics } from "../../internal/cart/metrics.ts";
import { cartRoutes } from "../../internal/cart/routes.ts";
import { createCartService } from "../../internal/cart/service.ts";
import { createRedisCartStore } from "../../internal/cart/store.redis.ts";
import { createForwarder } from "../../internal/outbox/forwarder.ts";
import { registerLagMetrics } from "../../internal/outbox/lag.ts";
import { createForwarderMetrics } from "../../internal/outbox/metrics.ts";
import { openOutboxStore } from "../../internal/outbox/open-store.ts";
import { createRedisStaging } from "../../internal/outbox/staging.redis.ts";
import { createApp } from "../../internal/platform/http/app.ts";
import { createInternalTokenVerifier } from "../../internal/platform/identity/internal-token.ts";
import { closeRedis, connectRedis, pingRedis } from "../../internal/platform/redis/redis.ts";
import { startService } from "../../internal/platform/service/service.ts";
import { readConfig } from "./config.ts";

const config = readConfig();
const { log, registry, lifecycle, serve } = await startService("cart", config);
const shards = config.CART_SHARDS;

const redis = connectRedis(config.REDIS_URL, { log, commandTimeoutMs: config.REDIS_TIMEOUT_MS });
lifecycle.onStop("redis", () => closeRedis(redis));
lifecycle.addCheck("redis", () => pingRedis(redis));

const outbox = openOutboxStore(config.DATABASE_URL, { log });
lifecycle.onStop("database", () => outbox.close());
const staging = createRedisStaging({ redis, shards, stream: shardKeys.stream });
const forwarder = createForwarder({
  store: outbox,
  staging,
  shards,
  commitTimeoutMs: config.OUTBOX_COMMIT_TIMEOUT_MS,
  metrics: createForwarderMetrics(registry),
  log,
});
lifecycle.onStop("forwarder", () => forwarder.close());
redis.on("close", forwarder.forgetChains);

const store = createRedisCartStore({
  redis,
  shards,
  ttlMs: config.CART_TTL_SECONDS * 1000,
  graceMs: config.CART_EXPIRY_GRACE_SECONDS * 1000,
  limits: { maxLines: config.CART_MAX_LINES, maxQuantity: config.CART_MAX_QUANTITY },
  log,
});
const catalog = createHttpCatalog({
  url: config.CATALOG_URL,
  timeoutMs: config.CATALOG_TIMEOUT_MS,
  cacheTtlMs: config.CATALOG_CACHE_TTL_MS,
  currency: config.CART_CURRENCY,
  log,
  registry,
});
lifecycle.onStop("catalog client", () => catalog.close());
const service = createCartService({
  store,
  catalog,
  outbox: forwarder,
  currency: config.CART_CURRENCY,
  metrics: createCartMetrics(registry, config.CART_TTL_SECONDS),
});
registerLiveCartMetrics(registry, redis, shards);
registerLagMetrics({ registry, store: outbox, staging, log });

const identity = createInternalTokenVerifier({ secret: config.INTERNAL_TOKEN_SECRET });
await serve(createApp({ log, registry, routes: (app) => cartRoutes(app, service, identity) }), config.PORT);
