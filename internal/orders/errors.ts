import type { OrderStateError } from "./order.ts";

/** What the shopper saw and agreed to (`was`), and what is so now. */
export interface Difference {
  readonly productId: string;
  readonly was: object;
  readonly now: object;
}

/** What the order store's callers can be told. */
export type StoreError =
  | { readonly code: "ORDER_STORE_UNAVAILABLE" }
  | { readonly code: "IDEMPOTENCY_KEY_REUSED" };

/** Why a call about an existing order is refused. */
export type OrderError = StoreError | OrderStateError | { readonly code: "ORDER_NOT_FOUND" };

/** Why the cart cannot be had for a checkout. */
export type CartsError =
  /** `lasting`: a repeat will not help. */
  | { readonly code: "CART_STORE_UNAVAILABLE"; readonly lasting?: true }
  | { readonly code: "CART_STORE_FULL" }
  /** Another checkout of this cart is under way, or was until seconds ago. */
  | { readonly code: "CHECKOUT_IN_PROGRESS" }
  | { readonly code: "IDEMPOTENCY_KEY_REUSED" };

/** Why the catalog does not say what products are and cost. */
export type ProductsError =
  | { readonly code: "CATALOG_UNAVAILABLE"; readonly retryAfterSeconds: number; readonly productId?: string }
  | { readonly code: "RATE_LIMITED"; readonly retryAfterSeconds: number };

/** Why a cart does not become an order as the shopper has seen it. Nothing is done. */
export type ConsentError =
  | { readonly code: "CART_EMPTY" }
  | {
      readonly code: "CART_CHANGED" | "PRICE_CHANGED" | "OUT_OF_STOCK";
      readonly lines: readonly Difference[];
    }
  /** The total is beyond what can be counted exactly. */
  | { readonly code: "ORDER_TOO_LARGE" };

/** Nothing was ordered: the caller's deadline had passed before the order was written. */
export type LateError = { readonly code: "DEADLINE_PASSED" };

export type CheckoutError = StoreError | CartsError | ProductsError | ConsentError | LateError;
