import type { Logger } from "../platform/logger/logger.ts";
import type { Counter } from "../platform/metrics/metrics.ts";
import type { Order } from "./order.ts";
import { OLDEST, type OrderStore, type Place } from "./order-store.ts";
import type { Settle } from "./settler.ts";

/** Orders whose carts are reduced at the same time; no two of them have one owner's cart to reduce. */
const BATCH = 100;

/** Of all carts that cannot be reduced, so many are named. */
const NAMED = 20;

/**
 * One sweep: reduces the carts of orders placed more than `ageMs` ago whose cart nobody has reduced, page by
 * page until there is no more, or `stopping`. Any number of sweepers may run: a cart is reduced once, whoever
 * does it. `reduce` rejects where the carts cannot be reached; then so does the sweep, after it has tried the
 * others.
 */
export function createSettleSweep(options: {
  store: Pick<OrderStore, "unsettled">;
  settle: Settle;
  reduce: (order: Order) => Promise<void>;
  ageMs: number;
  swept: Counter;
  log: Logger;
}): (stopping: AbortSignal) => Promise<void> {
  const { store, settle, reduce, ageMs, swept, log } = options;

  /** Resolves with why carts could not be reduced. */
  async function sweepPage(orders: readonly Order[]): Promise<unknown[]> {
    const outcomes = await Promise.allSettled(orders.map(reduce));
    const reduced = orders.filter((_, i) => outcomes[i]!.status === "fulfilled").map(({ id }) => id);
    // Another relay's sweep may have come to the same orders.
    const noted = reduced.length > 0 ? await settle(reduced) : 0;
    swept.inc(noted);
    if (noted > 0) log.info({ orders: reduced, noted }, "carts of orders were reduced by the sweep");
    return outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
  }

  return async (stopping) => {
    const before = Date.now() - ageMs;
    const faults: unknown[] = [];
    let page: Order[];
    let after: Place = OLDEST;
    do {
      page = await store.unsettled(before, BATCH, after);
      faults.push(...(await sweepPage(page)));
      after = page.at(-1) ?? after;
    } while (page.length === BATCH && !stopping.aborted);
    if (faults.length > 0)
      throw new AggregateError(faults.slice(0, NAMED), `${faults.length} carts could not be reduced`);
  };
}
