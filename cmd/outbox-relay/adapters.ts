import { createRedisMergeStore } from "../../internal/cart/merge/merge-store.redis.ts";
import {
  createRedisCommitNotifier,
  createRedisCommitSubscriber,
} from "../../internal/outbox/commit-notifier.redis.ts";
import { createForwarder } from "../../internal/outbox/forwarder/forwarder.ts";
import { registerLagMetrics } from "../../internal/outbox/lag.ts";
import { createBrokerGauge, createForwarderMetrics } from "../../internal/outbox/metrics.ts";
import { createAmqpPublisher } from "../../internal/outbox/relay/publisher.amqp.ts";
import { createOutboxStore } from "../../internal/outbox/store/open-store.ts";
import { checkRedis, closeRedis, connectRedis } from "../../internal/platform/redis/redis.ts";
import type { Service } from "../../internal/platform/service/service.ts";
import { openDatabase } from "../../internal/platform/sql/database.ts";
import { schemaIsCurrent } from "../../internal/platform/sql/schema-check.ts";
import { migrationsOf } from "../schemas.ts";
import { openStaging } from "../staging.ts";
import type { Config } from "./config.ts";

/** Opens what the relay stands on; everything closes with the process, in reverse order. */
export function openAdapters(config: Config, { log, registry, lifecycle }: Service) {
  const shards = config.CART_SHARDS;
  const address = { ...config.REDIS_URL, ca: config.REDIS_CA_FILE };
  const redis = connectRedis(address, { log, commandTimeoutMs: config.REDIS_TIMEOUT_MS });
  lifecycle.onStop("redis", () => closeRedis(redis));
  lifecycle.addCheck("redis", () => checkRedis(redis));
  const subscription = connectRedis(address, { log, commandTimeoutMs: config.REDIS_TIMEOUT_MS });
  // A subscriber sends no command that a demoted Redis refuses: it disconnects when the other one does.
  redis.on("close", () => {
    if (subscription.status === "ready") subscription.disconnect(true);
  });
  lifecycle.onStop("commit subscriber", () => closeRedis(subscription));
  const database = openDatabase(config.DATABASE_URL, { log });
  lifecycle.onStop("database", () => database.close());
  lifecycle.addCheck("schema", schemaIsCurrent(database, migrationsOf(database.dialect), log));
  lifecycle.addCheck("database", () => database.ping());
  const store = createOutboxStore(database);

  const publisher = createAmqpPublisher({
    address: { ...config.AMQP_URL, ca: config.AMQP_CA_FILE },
    exchange: config.AMQP_EXCHANGE,
    addressVersion: config.AMQP_ADDRESS_VERSION,
    sendTimeoutMs: config.AMQP_SEND_TIMEOUT_MS,
    log,
    connected: createBrokerGauge(registry),
  });
  lifecycle.onStop("publisher", () => publisher.close());
  lifecycle.addCheck("broker", async () => {
    const fault = publisher.fault();
    if (fault !== null) throw new Error(fault);
  });

  const staging = openStaging(redis, shards);
  const forwarder = createForwarder({
    store,
    staging,
    notifier: createRedisCommitNotifier(redis, log),
    shards,
    commitTimeoutMs: config.OUTBOX_COMMIT_TIMEOUT_MS,
    metrics: createForwarderMetrics(registry),
    log,
  });
  lifecycle.onStop("forwarder", () => forwarder.close());
  registerLagMetrics({ registry, store, staging, log });
  return {
    redis,
    database,
    merges: createRedisMergeStore({ redis, shards, log }),
    store,
    publisher,
    staging,
    forwarder,
    subscriber: createRedisCommitSubscriber(subscription, log),
  };
}
