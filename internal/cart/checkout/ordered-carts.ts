import { ok, type Result } from "../../platform/result/result.ts";
import type { CartView } from "../cart.ts";
import type { OutboxCommit } from "../service.ts";
import type { ShowCart } from "../show.ts";
import type { StoreFault } from "../store/store.ts";
import type { CheckoutStore, OrderedLines } from "./checkout-store.ts";

/** Carts for whoever makes orders of them. */
export interface OrderedCarts extends Pick<CheckoutStore, "claim" | "release"> {
  /** Takes what was ordered out of the cart, once, and ends the claim; resolves with the cart after it. */
  reduce(
    owner: string,
    ordered: OrderedLines,
    traceparent: string | null,
    token?: string,
  ): Promise<Result<CartView, StoreFault>>;
}

/** The event of a reduced cart goes its way without being waited for: the order is durable already. */
export function createOrderedCarts(options: {
  store: CheckoutStore;
  show: ShowCart;
  outbox: OutboxCommit;
}): OrderedCarts {
  const { store, show, outbox } = options;
  return {
    claim: store.claim,
    release: store.release,
    reduce: async (owner, ordered, traceparent, token) => {
      const reduced = await store.reduce(owner, ordered, traceparent, token);
      if (!reduced.ok) return reduced;
      const { staged, state } = reduced.value;
      if (staged !== null) void outbox.committed(staged);
      return ok(await show(state));
    },
  };
}
