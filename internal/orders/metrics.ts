import { inTimeForScrape } from "../platform/metrics/in-time-for-scrape.ts";
import { Counter, DURATION_BUCKETS, Gauge, Histogram, type Registry } from "../platform/metrics/metrics.ts";
import { TRANSITIONS } from "./order.ts";
import type { OrderStore } from "./order-store.ts";

export interface OrderMetrics {
  readonly transitions: Counter<"to" | "result">;
  readonly checkouts: Counter<"result">;
  readonly durations: Histogram;
}

/** Of orders placed, by {@link createSettle}. */
export interface PlacedMetrics {
  readonly orders: Counter;
  readonly value: Counter<"currency">;
}

/** The result of what was done, or had been before. */
export const okOrReplayed = ({ replayed }: { readonly replayed: boolean }) => (replayed ? "replayed" : "ok");

/**
 * Counters of checkout and orders; a repeated request that got its first answer counts as `replayed`. What is
 * drawn or alerted on begins at 0, so that a rate sees the first one too.
 */
export function createOrderMetrics(registry: Registry): OrderMetrics {
  const registers = [registry];
  const metrics = {
    transitions: new Counter({
      name: "order_transitions_total",
      help: "Transitions of orders asked for, by the status to come and by what came of it (ok, replayed, the error code, or internal)",
      labelNames: ["to", "result"] as const,
      registers,
    }),
    checkouts: new Counter({
      name: "checkouts_total",
      help: "Checkouts by what their caller was answered (ok: the cart was ordered; replayed; the error code; or internal)",
      labelNames: ["result"] as const,
      registers,
    }),
    durations: new Histogram({
      name: "checkout_duration_seconds",
      help: "Duration of checkouts, whatever came of them",
      buckets: DURATION_BUCKETS,
      registers,
    }),
  };
  for (const result of ["ok", "replayed", "order_store_unavailable"]) metrics.checkouts.inc({ result }, 0);
  for (const to of new Set(Object.values(TRANSITIONS).flat()))
    metrics.transitions.inc({ to, result: "ok" }, 0);
  return metrics;
}

/** Counters of orders placed, of the cart and of the relay; `currency` is that of every price. */
export function createPlacedMetrics(registry: Registry, currency: string): PlacedMetrics {
  const registers = [registry];
  const orders = new Counter({
    name: "orders_placed_total",
    help: "Orders placed, each counted at most once, where their cart is first known to be reduced: by a checkout or by a sweep",
    registers,
  });
  const value = new Counter({
    name: "orders_value_total",
    help: "Sum of the totals of these orders, in minor units of the currency",
    labelNames: ["currency"] as const,
    registers,
  });
  value.inc({ currency }, 0);
  return { orders, value };
}

/** Carts that a sweep has reduced by an order because whoever placed it did not. */
export function createSweptOrdersCounter(registry: Registry): Counter {
  return new Counter({
    name: "orders_cart_swept_total",
    help: "Orders whose cart was reduced by a sweep of this process",
    registers: [registry],
  });
}

/**
 * `orders_unsettled`, counted at each scrape; NaN while the database cannot be asked, or does not answer in
 * time. Orders that are not `ageMs` old are not counted: a busy shop always has some whose checkout is about
 * to end.
 */
export function registerUnsettledOrders(
  registry: Registry,
  store: Pick<OrderStore, "countUnsettled">,
  ageMs: number,
): void {
  new Gauge({
    name: "orders_unsettled",
    help: "Orders older than SWEEP_AGE_MS whose cart is not known to be reduced; the sweep sees to them",
    registers: [registry],
    async collect() {
      // That the database is away is logged by who needs it.
      const counting = store.countUnsettled(Date.now() - ageMs).catch(() => Number.NaN);
      this.set((await inTimeForScrape(counting)) ?? Number.NaN);
    },
  });
}
