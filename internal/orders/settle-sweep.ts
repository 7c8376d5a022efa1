import type { Logger } from "../platform/logger/logger.ts";
import type { Counter } from "../platform/metrics/metrics.ts";
import type { Order } from "./order.ts";
import type { OrderStore } from "./order-store.ts";
import type { Settle } from "./settler.ts";

/** Orders looked at in one sweep; more wait for the next. */
const BATCH = 100;

/** How long (ms) a request with an Idempotency-Key is remembered. */
const REQUEST_TTL_MS = 24 * 60 * 60 * 1000;
const FORGOTTEN_AT_ONCE = 1_000;

/**
 * One sweep: reduces the carts of orders placed more than `ageMs` ago whose cart nobody has reduced. Any
 * number of sweepers may run: a cart is reduced once, whoever does it. `reduce` rejects where the carts
 * cannot be reached; then so does the sweep, after it has tried the others.
 */
export function createSettleSweep(options: {
  store: Pick<OrderStore, "unsettled">;
  settle: Settle;
  reduce: (order: Order) => Promise<void>;
  ageMs: number;
  swept: Counter;
  log: Logger;
}): () => Promise<void> {
  const { store, settle, reduce, ageMs, swept, log } = options;
  return async () => {
    const faults: unknown[] = [];
    for (const order of await store.unsettled(Date.now() - ageMs, BATCH)) {
      try {
        await reduce(order);
        await settle([order.id]);
        swept.inc();
        log.info({ order: order.id }, "the cart of an order was reduced by the sweep");
      } catch (fault) {
        faults.push(fault);
      }
    }
    if (faults.length > 0) throw new AggregateError(faults, `${faults.length} carts could not be reduced`);
  };
}

/** Forgets the requests of more than a day ago, some at a time. */
export async function forgetOldRequests(store: OrderStore): Promise<void> {
  const before = Date.now() - REQUEST_TTL_MS;
  while ((await store.forgetRequests(before, FORGOTTEN_AT_ONCE)) === FORGOTTEN_AT_ONCE);
}
