import { err, ok, type Result } from "../platform/result/result.ts";
import type { CartsError, StoreError } from "./errors.ts";
import type { Order } from "./order.ts";
import type { CheckoutBasis, OrderStore } from "./order-store.ts";
import type { ReachStore } from "./reach-store.ts";
import type { Settle } from "./settler.ts";

/** Takes an owner's latest order out of the cart that it was made from, unless that is known to be done. */
export type SettleLatest = (
  basis: Pick<CheckoutBasis, "unsettled">,
) => Promise<Result<unknown, CartsError | StoreError>>;

interface Parts {
  readonly carts: {
    /** Takes what the order holds out of its cart, once. */
    reduce(order: Order, traceparent: string | null): Promise<Result<unknown, CartsError>>;
  };
  readonly reach: ReachStore;
  readonly settle: Settle;
}

/** Idempotent. Fails with what kept the cart from being reduced, or the reduction from being noted. */
export function createSettleLatest({ carts, reach, settle }: Parts): SettleLatest {
  return async ({ unsettled }) => {
    if (unsettled === null) return ok(undefined);
    const cart = await carts.reduce(unsettled, null);
    return cart.ok ? reach(() => settle([unsettled.id])) : cart;
  };
}

/** Takes an owner's latest order out of its cart; those before it have been. Prevents no checkout. */
export function createSettleOwner(
  parts: Parts & { readonly store: Pick<OrderStore, "checkoutBasis"> },
): (owner: string) => Promise<Result<unknown, CartsError | StoreError>> {
  const settleLatest = createSettleLatest(parts);
  return async (owner) => {
    const basis = await parts.reach(() => parts.store.checkoutBasis(owner, null));
    return basis.ok ? settleLatest(basis.value) : basis;
  };
}

/** How often an owner's orders are looked at again, because one more came meanwhile. */
const ATTEMPTS = 3;

/**
 * Completes or prevents the owner's unfinished checkouts: an existing order is taken out of its cart, and the
 * next ordinal is skipped so that one under way cannot commit. Resolves when the cart holds nothing that was
 * or will be ordered by a checkout that has read it; with an error when that cannot be known now. May be
 * repeated, by several at a time.
 */
export function createDecideOrders(
  parts: Parts & { readonly store: Pick<OrderStore, "checkoutBasis" | "skip"> },
): (owner: string) => Promise<Result<void, CartsError | StoreError>> {
  const { store, reach } = parts;
  const settleLatest = createSettleLatest(parts);
  return async (owner) => {
    for (let attempts = 0; attempts < ATTEMPTS; attempts++) {
      const basis = await reach(() => store.checkoutBasis(owner, null));
      if (!basis.ok) return basis;
      const settled = await settleLatest(basis.value);
      if (!settled.ok) return settled;
      const skipped = await reach(() => store.skip(owner, basis.value.ordinal + 1));
      if (!skipped.ok) return skipped;
      if (skipped.value) return ok(undefined);
    }
    return err({ code: "CHECKOUT_IN_PROGRESS" });
  };
}
