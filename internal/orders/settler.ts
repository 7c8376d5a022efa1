import type { Logger } from "../platform/logger/logger.ts";
import type { PlacedMetrics } from "./metrics.ts";
import type { OrderStore } from "./order-store.ts";

/** Notes that the carts of orders are reduced; resolves with how many of them were not noted before. */
export type Settle = (orderIds: readonly string[]) => Promise<number>;

/**
 * Counts orders where they are first noted as settled, so each once, whoever comes to it: one whose commit
 * nobody saw the end of too, when a repeat, the owner's next checkout or the sweep finds it.
 */
export function createSettle(store: Pick<OrderStore, "settle">, placed: PlacedMetrics): Settle {
  return async (orderIds) => {
    const totals = await store.settle(orderIds);
    for (const { currency, amount } of totals) {
      placed.orders.inc();
      placed.value.inc({ currency }, amount);
    }
    return totals.length;
  };
}

/** Orders whose cart was just reduced, waiting to be marked so. */
export interface Settler {
  add(orderId: string): void;
}

/**
 * Marks orders in groups, one group at a time: what comes while one is under way goes with the next. Nobody
 * waits for it: a mark that is lost is made up for by the owner's next checkout, or by the sweep. What
 * `settle` rejects with is logged.
 */
export function createSettler(
  settle: (orderIds: readonly string[]) => Promise<unknown>,
  log: Logger,
): Settler {
  let waiting: string[] = [];
  let running = false;

  async function run(): Promise<void> {
    running = true;
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      try {
        await settle(group);
      } catch (err) {
        log.error({ err, orders: group }, "orders could not be marked as taken out of their carts");
      }
    }
    running = false;
  }

  return {
    add: (orderId) => {
      waiting.push(orderId);
      if (!running) void run();
    },
  };
}
