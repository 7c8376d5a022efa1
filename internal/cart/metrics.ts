import { Counter, DURATION_BUCKETS, Gauge, Histogram, type Registry } from "../platform/metrics/metrics.ts";
import type { MergeStore } from "./merge/merge-store.ts";
import { STRATEGIES } from "./merge/transfer.ts";
import type { CartMetrics } from "./service.ts";
import type { ExpiryReason } from "./store/store.ts";

/** The cart service's counters; `cart_ttl_seconds` is the configured TTL. */
export function createCartMetrics(registry: Registry, ttlSeconds: number): CartMetrics {
  new Gauge({
    name: "cart_ttl_seconds",
    help: "Configured time to live of a cart",
    registers: [registry],
  }).set(ttlSeconds);
  return {
    operations: new Counter({
      name: "cart_operations_total",
      help: "Cart operations by what came of them (ok, the error code, or internal)",
      labelNames: ["operation", "result"] as const,
      registers: [registry],
    }),
    durations: new Histogram({
      name: "cart_operation_duration_seconds",
      help: "Duration of cart operations, the wait for the outbox commit included",
      labelNames: ["operation"] as const,
      buckets: DURATION_BUCKETS,
      registers: [registry],
    }),
    expired: createExpiredCounter(registry),
  };
}

/** Guests' carts that this process has given to users, by how. */
export function createMergedCounter(registry: Registry): Counter<"strategy"> {
  const merged = new Counter({
    name: "cart_merged_total",
    help: "Guests' carts that this process has merged into a user's, by strategy",
    labelNames: ["strategy"] as const,
    registers: [registry],
  });
  for (const strategy of STRATEGIES) merged.inc({ strategy }, 0);
  return merged;
}

/** `cart_merges_waiting`, counted at each scrape; NaN while Redis cannot be asked. */
export function registerWaitingMerges(registry: Registry, store: Pick<MergeStore, "countWaiting">): void {
  new Gauge({
    name: "cart_merges_waiting",
    help: "Guests' carts that were taken and are not known to be given to their users; the sweep finishes them",
    registers: [registry],
    async collect() {
      // That Redis is away is logged where the connection is lost.
      this.set(await store.countWaiting().catch(() => Number.NaN));
    },
  });
}

/** Carts whose expiry this process has turned into an event, by what ended them. */
export function createExpiredCounter(registry: Registry): Counter<"reason"> {
  const expired = new Counter({
    name: "cart_expired_total",
    help: "Carts whose end this process has told of: their time was up, or their data was missing in Redis",
    labelNames: ["reason"] as const,
    registers: [registry],
  });
  for (const reason of ["time", "missing"] satisfies ExpiryReason[]) expired.inc({ reason }, 0);
  return expired;
}

/** Carts that this process has told to be near their end. */
export function createExpiringCounter(registry: Registry): Counter {
  return new Counter({
    name: "cart_expiring_total",
    help: "Carts whose coming end this process has told of; 0 while CART_EXPIRING_NOTICE_SECONDS is",
    registers: [registry],
  });
}
