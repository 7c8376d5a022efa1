import { createExpirySweep } from "../../internal/cart/expiry.redis.ts";
import { createExpiredCounter } from "../../internal/cart/metrics.ts";
import { sweepStaged } from "../../internal/outbox/forwarder/sweeper.ts";
import { createPurgedCounter } from "../../internal/outbox/metrics.ts";
import { purgePublished } from "../../internal/outbox/store/purge.ts";
import { every } from "../../internal/platform/schedule/every.ts";
import type { Service } from "../../internal/platform/service/service.ts";
import type { openAdapters } from "./adapters.ts";
import type { Config } from "./config.ts";

/**
 * What a relay does beside publishing: forwards stuck staged
 * events, tells of expired carts, purges what is old.
 */
export function startChores(
  config: Config,
  service: Service,
  adapters: ReturnType<typeof openAdapters>,
): void {
  const { log, registry, lifecycle } = service;
  const { redis, store, staging, forwarder } = adapters;
  const expire = createExpirySweep({
    redis,
    shards: config.CART_SHARDS,
    expired: createExpiredCounter(registry),
    log,
  });
  const purgedTotal = createPurgedCounter(registry);
  const stopping = new AbortController();

  const sweep = () => sweepStaged(staging, forwarder, config.SWEEP_AGE_MS);
  const purge = async () => {
    const purged = await purgePublished(store, config.OUTBOX_RETENTION_SECONDS * 1000, stopping.signal);
    purgedTotal.inc(purged);
    if (purged > 0) log.info({ purged }, "purged published events");
  };
  const chores = [
    every(config.SWEEP_INTERVAL_MS, "sweep of staged events", sweep, log),
    every(config.SWEEP_INTERVAL_MS, "sweep of expired carts", expire, log),
    every(config.OUTBOX_PURGE_INTERVAL_MS, "purge", purge, log),
  ];
  lifecycle.onStop("chores", async () => {
    stopping.abort();
    await Promise.all(chores.map((chore) => chore.stop()));
  });
}
