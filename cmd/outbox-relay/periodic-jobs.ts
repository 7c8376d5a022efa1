import { createExpiringSweep } from "../../internal/cart/expiry/expiring.redis.ts";
import { createExpirySweep } from "../../internal/cart/expiry/expiry.redis.ts";
import { createMergeSweep } from "../../internal/cart/merge/merge-sweep.ts";
import {
  createExpiredCounter,
  createExpiringCounter,
  createMergedCounter,
  registerWaitingMerges,
} from "../../internal/cart/metrics.ts";
import { forgetOldRequests } from "../../internal/orders/forget-requests.ts";
import { sweepStaged } from "../../internal/outbox/forwarder/sweeper.ts";
import { createDeadPurgedCounter, createPurgedCounter } from "../../internal/outbox/metrics.ts";
import { purgeDead, purgePublished } from "../../internal/outbox/store/purge.ts";
import { createFailingGauge, every } from "../../internal/platform/schedule/every.ts";
import type { Service } from "../../internal/platform/service/service.ts";
import type { openAdapters } from "./adapters.ts";
import type { Config } from "./config.ts";
import { openSettling } from "./settling.ts";

/**
 * What a relay does beside publishing: forwards stuck staged events, tells of expired carts and, where it is
 * asked to, of those near their end, reduces carts that were ordered, finishes merges, purges what is old.
 */
export function startPeriodicJobs(
  config: Config,
  service: Service,
  adapters: ReturnType<typeof openAdapters>,
): void {
  const { log, registry, lifecycle } = service;
  const { redis, merges, store, staging, forwarder } = adapters;
  const expired = createExpiredCounter(registry);
  const expire = createExpirySweep({ redis, shards: config.CART_SHARDS, expired, log });
  const noticeMs = config.CART_EXPIRING_NOTICE_SECONDS * 1000;
  const notify = createExpiringSweep({
    redis,
    shards: config.CART_SHARDS,
    noticeMs,
    told: createExpiringCounter(registry),
    log,
  });
  const { orders, settle, settleOwner } = openSettling(config, service, adapters);
  const merge = createMergeSweep({
    store: merges,
    settleOrders: settleOwner,
    shards: config.CART_SHARDS,
    ageMs: config.SWEEP_AGE_MS,
    merged: createMergedCounter(registry),
    expired,
  });
  registerWaitingMerges(registry, merges);
  const purgedTotal = createPurgedCounter(registry);
  const deadPurgedTotal = createDeadPurgedCounter(registry);
  const stopping = new AbortController();

  const settleOrders = () => settle(stopping.signal);
  const sweep = () => sweepStaged(staging, forwarder, config.SWEEP_AGE_MS);
  const purge = async () => {
    const purged = await purgePublished(store, config.OUTBOX_RETENTION_SECONDS * 1000, stopping.signal);
    purgedTotal.inc(purged);
    if (purged > 0) log.info({ purged }, "purged published events");
  };
  const forget = () => forgetOldRequests(orders, stopping.signal);
  const purgeOldDead = async () => {
    const retentionMs = config.OUTBOX_DEAD_RETENTION_SECONDS * 1000;
    const purged = retentionMs === 0 ? 0 : await purgeDead(store, retentionMs, stopping.signal);
    deadPurgedTotal.inc(purged);
    if (purged > 0) log.warn({ purged }, "deleted dead events after their retention, never published");
  };
  const told = { log, failing: createFailingGauge(registry) };
  const [sweeps, purges] = [config.SWEEP_INTERVAL_MS, config.OUTBOX_PURGE_INTERVAL_MS];
  const jobs = [
    every(sweeps, "sweep of staged events", sweep, told),
    every(sweeps, "sweep of expired carts", expire, told),
    ...(noticeMs > 0 ? [every(sweeps, "sweep of carts near their end", notify, told)] : []),
    every(sweeps, "sweep of carts that were ordered", settleOrders, told),
    every(sweeps, "sweep of merges", merge, told),
    every(purges, "purge of published events", purge, told),
    every(purges, "purge of remembered requests", forget, told),
    every(purges, "purge of dead events", purgeOldDead, told),
  ];
  lifecycle.onStop("periodic jobs", async () => {
    stopping.abort();
    await Promise.all(jobs.map((job) => job.stop()));
  });
}
