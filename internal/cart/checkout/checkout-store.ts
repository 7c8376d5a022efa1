import type { Result } from "../../platform/result/result.ts";
import type { CartState, Line } from "../cart.ts";
import type { Applied, StoreFault } from "../store/store.ts";

/** Who checks a cart out. */
export interface CheckoutClaim {
  /** Of this very attempt. */
  readonly token: string;
  /** The client's Idempotency-Key, and what must be equal for a repeat to be one, in any spelling. */
  readonly key: string;
  readonly request: string;
}

/** What was ordered, and from which cart. */
export interface OrderedLines {
  readonly orderId: string;
  readonly cartId: string;
  /** The cart's version when it was read. */
  readonly version: number;
  readonly items: readonly Line[];
}

/** What is known of a checkout as its claim ends: it has ordered nothing, or it may yet have. */
export type ClaimEnd = "nothing" | "unknown";

export type ClaimError =
  | StoreFault
  | { readonly code: "CHECKOUT_IN_PROGRESS" }
  | { readonly code: "IDEMPOTENCY_KEY_REUSED" };

/** Carts as a checkout needs them; see lua/claim.lua, lua/release.lua and lua/reduce.lua. */
export interface CheckoutStore {
  /**
   * Reads the owner's cart and keeps other checkouts of it away until {@link release}, for some seconds at
   * most. No merge takes the cart until it is known what came of the checkout.
   */
  claim(owner: string, claim: CheckoutClaim): Promise<Result<CartState, ClaimError>>;
  /** Ends a claim of this token. */
  release(owner: string, token: string, end: ClaimEnd): Promise<Result<void, StoreFault>>;
  /**
   * Takes what was ordered out of the cart, one change with its event; once, however often it is called. A
   * cart that has ended meanwhile, or is another one, stays as it is. Ends the claim of this token with it.
   */
  reduce(
    owner: string,
    ordered: OrderedLines,
    traceparent: string | null,
    token?: string,
  ): Promise<Result<Applied, StoreFault>>;
}
