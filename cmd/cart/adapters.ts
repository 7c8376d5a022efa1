import { createHttpCatalog } from "../../internal/cart/catalog/catalog.http.ts";
import { createRedisMergeStore } from "../../internal/cart/merge/merge-store.redis.ts";
import { registerLiveCartMetrics } from "../../internal/cart/store/live-carts.redis.ts";
import { rightsOn } from "../../internal/cart/store/rights.redis.ts";
import { createRedisCartStore } from "../../internal/cart/store/store.redis.ts";
import { registerStoreMemory } from "../../internal/cart/store/store-memory.redis.ts";
import { createRedisCommitNotifier } from "../../internal/outbox/commit-notifier.redis.ts";
import { createForwarder } from "../../internal/outbox/forwarder/forwarder.ts";
import { registerLagMetrics } from "../../internal/outbox/lag.ts";
import { createForwarderMetrics } from "../../internal/outbox/metrics.ts";
import { createOutboxStore } from "../../internal/outbox/store/open-store.ts";
import { checkRedis, closeRedis, connectRedis } from "../../internal/platform/redis/redis.ts";
import type { Service } from "../../internal/platform/service/service.ts";
import { openDatabase } from "../../internal/platform/sql/database.ts";
import { schemaIsCurrent } from "../../internal/platform/sql/schema-check.ts";
import { migrationsOf } from "../schemas.ts";
import { openStaging } from "../staging.ts";
import type { Config } from "./config.ts";

/** Opens what the cart service stands on; everything closes with the process, in reverse order. */
export function openAdapters(config: Config, { log, registry, lifecycle }: Service) {
  const shards = config.CART_SHARDS;
  const address = { ...config.REDIS_URL, ca: config.REDIS_CA_FILE };
  const redis = connectRedis(address, { log, commandTimeoutMs: config.REDIS_TIMEOUT_MS });
  lifecycle.onStop("redis", () => closeRedis(redis));
  lifecycle.addCheck("redis", () => checkRedis(redis));
  const database = openDatabase(config.DATABASE_URL, { log });
  lifecycle.onStop("database", () => database.close());
  lifecycle.addCheck("schema", schemaIsCurrent(database, migrationsOf(database.dialect), log));
  // The first request should not pay for connecting.
  database
    .ping()
    .catch((err: unknown) => log.warn({ err }, "the database does not answer yet; events will be staged"));

  const outbox = createOutboxStore(database);
  const staging = openStaging(redis, shards);
  const forwarder = createForwarder({
    store: outbox,
    staging,
    notifier: createRedisCommitNotifier(redis, log),
    shards,
    commitTimeoutMs: config.OUTBOX_COMMIT_TIMEOUT_MS,
    metrics: createForwarderMetrics(registry),
    log,
  });
  lifecycle.onStop("forwarder", () => forwarder.close());
  lifecycle.addNote("database", () => forwarder.trouble());
  // A Redis that restarts, or fails over, may have lost its last writes.
  for (const event of ["close", "-node", "node error"]) redis.on(event, forwarder.forgetChains);

  const rights = rightsOn(redis);
  lifecycle.addCheck("rights in redis", () => rights.check(shards));
  const limits = { maxLines: config.CART_MAX_LINES, maxQuantity: config.CART_MAX_QUANTITY };
  const life = {
    ttlMs: config.CART_TTL_SECONDS * 1000,
    graceMs: config.CART_EXPIRY_GRACE_SECONDS * 1000,
  };
  const store = createRedisCartStore({ redis, shards, ...life, limits, log });
  const merges = createRedisMergeStore({ redis, shards, log });
  const catalog = createHttpCatalog({
    url: config.CATALOG_URL,
    timeoutMs: config.CATALOG_TIMEOUT_MS,
    cacheTtlMs: config.CATALOG_CACHE_TTL_MS,
    currency: config.CART_CURRENCY,
    log,
    registry,
  });
  lifecycle.onStop("catalog client", () => catalog.close());
  registerLiveCartMetrics(registry, redis, shards);
  registerStoreMemory(registry, redis);
  registerLagMetrics({ registry, store: outbox, staging, log });
  return { store, merges, limits, life, catalog, forwarder, redis, database, outbox };
}
