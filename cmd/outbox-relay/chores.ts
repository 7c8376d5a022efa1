import type { Forwarder } from "../../internal/outbox/forwarder.ts";
import { purgePublished } from "../../internal/outbox/purge.ts";
import type { StagingArea } from "../../internal/outbox/staging.ts";
import type { OutboxStore } from "../../internal/outbox/store.ts";
import { sweepStaged } from "../../internal/outbox/sweeper.ts";
import type { Lifecycle } from "../../internal/platform/lifecycle/lifecycle.ts";
import type { Logger } from "../../internal/platform/logger/logger.ts";
import { every } from "../../internal/platform/schedule/every.ts";
import type { Config } from "./config.ts";

/** What a relay does beside publishing: forwards stuck staged events, tells of expired carts, purges what is old. */
export function startChores(parts: {
  config: Config;
  lifecycle: Lifecycle;
  log: Logger;
  store: OutboxStore;
  staging: StagingArea;
  forwarder: Forwarder;
  expire: () => Promise<void>;
}): void {
  const { config, lifecycle, log, store, staging, forwarder, expire } = parts;
  const stopping = new AbortController();
  const chores = [
    every(
      config.SWEEP_INTERVAL_MS,
      "sweep of staged events",
      () => sweepStaged(staging, forwarder, config.SWEEP_AGE_MS),
      log,
    ),
    every(config.SWEEP_INTERVAL_MS, "sweep of expired carts", expire, log),
    every(
      config.OUTBOX_PURGE_INTERVAL_MS,
      "purge",
      async () => {
        const purged = await purgePublished(store, config.OUTBOX_RETENTION_SECONDS * 1000, stopping.signal);
        if (purged > 0) log.info({ purged }, "purged published events");
      },
      log,
    ),
  ];
  lifecycle.onStop("chores", async () => {
    stopping.abort();
    await Promise.all(chores.map((chore) => chore.stop()));
  });
}
