import { Counter, DURATION_BUCKETS, Histogram, type Registry } from "../platform/metrics/metrics.ts";

export interface OrderMetrics {
  readonly transitions: Counter<"to" | "result">;
  readonly checkouts: Counter<"result">;
  readonly durations: Histogram;
  readonly value: Counter<"currency">;
}

/** Counters of checkout and orders; a repeated request that got its first answer counts as `replayed`. */
export function createOrderMetrics(registry: Registry): OrderMetrics {
  const registers = [registry];
  return {
    transitions: new Counter({
      name: "order_transitions_total",
      help: "Transitions of orders asked for, by the status to come and by what came of it (ok, or the error code)",
      labelNames: ["to", "result"] as const,
      registers,
    }),
    checkouts: new Counter({
      name: "checkouts_total",
      help: "Checkouts by what came of them (ok: a cart was ordered; replayed; or the error code)",
      labelNames: ["result"] as const,
      registers,
    }),
    durations: new Histogram({
      name: "checkout_duration_seconds",
      help: "Duration of checkouts, whatever came of them",
      buckets: DURATION_BUCKETS,
      registers,
    }),
    value: new Counter({
      name: "orders_value_total",
      help: "Sum of the totals of orders placed, in minor units of the currency",
      labelNames: ["currency"] as const,
      registers,
    }),
  };
}

/** Carts that a sweep has reduced by an order because whoever placed it did not. */
export function createSweptOrdersCounter(registry: Registry): Counter {
  return new Counter({
    name: "orders_cart_swept_total",
    help: "Orders whose cart was reduced by a sweep of this process",
    registers: [registry],
  });
}
