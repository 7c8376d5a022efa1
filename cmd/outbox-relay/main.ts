import { randomUUID } from "node:crypto";
import { createExpirySweep } from "../../internal/cart/expiry.redis.ts";
import { shardKeys } from "../../internal/cart/keys.ts";
import { createExpiredCounter } from "../../internal/cart/metrics.ts";
import { createForwarder } from "../../internal/outbox/forwarder.ts";
import { registerLagMetrics } from "../../internal/outbox/lag.ts";
import { createForwarderMetrics, createRelayMetrics } from "../../internal/outbox/metrics.ts";
import { openOutboxStore } from "../../internal/outbox/open-store.ts";
import { createAmqpPublisher } from "../../internal/outbox/publisher.amqp.ts";
import { createRelay } from "../../internal/outbox/relay.ts";
import { createRedisStaging } from "../../internal/outbox/staging.redis.ts";
import { closeRedis, connectRedis } from "../../internal/platform/redis/redis.ts";
import { startService } from "../../internal/platform/service/service.ts";
import { startChores } from "./chores.ts";
import { readConfig } from "./config.ts";

const config = readConfig();
const { log, registry, lifecycle } = await startService("outbox-relay", config);
const shards = config.CART_SHARDS;

const redis = connectRedis(config.REDIS_URL, { log, commandTimeoutMs: config.REDIS_TIMEOUT_MS });
lifecycle.onStop("redis", () => closeRedis(redis));
const store = openOutboxStore(config.DATABASE_URL, { log });
lifecycle.onStop("database", () => store.close());
lifecycle.addCheck("database", () => store.ping());
const publisher = createAmqpPublisher({
  url: config.AMQP_URL,
  exchange: config.AMQP_EXCHANGE,
  source: "/cartwright/cart",
  addressVersion: config.AMQP_ADDRESS_VERSION,
  sendTimeoutMs: config.AMQP_SEND_TIMEOUT_MS,
  log,
  registry,
});
lifecycle.onStop("publisher", () => publisher.close());

const staging = createRedisStaging({ redis, shards, stream: shardKeys.stream });
const forwarder = createForwarder({
  store,
  staging,
  shards,
  commitTimeoutMs: config.OUTBOX_COMMIT_TIMEOUT_MS,
  metrics: createForwarderMetrics(registry),
  log,
});
lifecycle.onStop("forwarder", () => forwarder.close());
const expire = createExpirySweep({ redis, shards, expired: createExpiredCounter(registry) });
startChores({ config, lifecycle, log, store, staging, forwarder, expire });
registerLagMetrics({ registry, store, staging, log });

const relay = createRelay({
  store,
  publisher,
  relay: randomUUID(),
  partitions: shards,
  leaseMs: config.RELAY_LEASE_MS,
  window: config.RELAY_WINDOW,
  maxAttempts: config.RELAY_MAX_ATTEMPTS,
  retryMs: config.RELAY_RETRY_MS,
  pollMs: config.RELAY_POLL_MS,
  metrics: createRelayMetrics(registry),
  log,
});
lifecycle.onStop("relay", () => relay.stop());
await relay.start();
lifecycle.ready();
