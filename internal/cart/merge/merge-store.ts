import type { StagedEvent } from "../../platform/event/event.ts";
import type { Result } from "../../platform/result/result.ts";
import type { CartState } from "../cart.ts";
import type { Applied, StoreFault } from "../store/store.ts";
import type { MergedLine, MergeStrategy, Transfer } from "./transfer.ts";

/** A merge as it was asked for. */
export interface MergeRequest {
  readonly user: string;
  readonly guest: string;
  readonly strategy: MergeStrategy;
  readonly idempotencyKey: string | null;
  readonly traceparent: string | null;
}

export type GuestCart = CartState & { readonly cartId: string };

/** A cart of a guest that has gone to this user: the natural key of its merge. */
export type GoneCart = Pick<Transfer, "user" | "cartId" | "version">;

/** A checkout that has the claim on a cart. */
export type OpenCheckout =
  | { readonly kind: "ordering" }
  /** It is over, and nobody knows yet whether one, of the claim of this token, led to an order. */
  | { readonly kind: "undecided"; readonly token: string };

/** What a take has found. */
export type Taken =
  /** The cart is a transfer now; `staged` is its last event. */
  | { readonly kind: "taken"; readonly transfer: Transfer; readonly staged: StagedEvent }
  /** An earlier transfer of this guest waits to be finished, perhaps to another user. */
  | { readonly kind: "pending"; readonly transfer: Transfer }
  /** Nothing was done: this is the cart, which has changed since it was read, or was not read. */
  | { readonly kind: "cart"; readonly cart: GuestCart; readonly last: GoneCart | null }
  /** Nothing was done, because of a checkout of the cart. */
  | OpenCheckout
  /** There is no cart: the last one went to a user not long ago. */
  | { readonly kind: "settled"; readonly last: GoneCart }
  | { readonly kind: "empty" };

/** What a give has led to, now or the first time that it was run. */
export interface Given extends Applied {
  /** Of every line of the guest's cart. */
  readonly lines: readonly MergedLine[];
}

/** Nothing was given: what the user's cart has may be ordered, by a checkout of the claim of this token. */
export type UndecidedCheckout = { readonly code: "CHECKOUT_UNDECIDED"; readonly token: string };

/**
 * The three steps of a merge, each atomic and each safe to repeat: a fault says that it may have happened.
 * Guest and user may lie in different slots. A taken cart is durable until it is settled; see lua/take.lua,
 * lua/give.lua and lua/settle.lua.
 */
export interface MergeStore {
  /** The outcome of an earlier merge with this Idempotency-Key; null when the key is new. */
  recall(
    request: MergeRequest & { readonly idempotencyKey: string },
  ): Promise<Result<Given | null, StoreFault | { readonly code: "IDEMPOTENCY_KEY_REUSED" }>>;
  /**
   * The outcome of the merge of this cart, to which the request's Idempotency-Key leads too from now on; null
   * when there was none, or it is forgotten, after 24 h.
   */
  outcome(request: MergeRequest, cart: GoneCart): Promise<Result<Given | null, StoreFault>>;
  /** Makes the guest's cart the transfer, if it is still as that has it; with null it only looks. */
  take(guest: string, transfer: Transfer | null): Promise<Result<Taken, StoreFault>>;
  /** Ends the claim of an undecided checkout: all that came of it has been taken out of the cart. */
  decided(guest: string, token: string): Promise<Result<void, StoreFault>>;
  /** The checkout of an owner's cart that is not known to be over; null when there is none. */
  checkoutOf(owner: string): Promise<Result<OpenCheckout | null, StoreFault>>;
  /**
   * Gives the lines to the user's cart, once; not while a checkout has the claim on it, but for that of the
   * token `settled`, whose order, if there is one, was taken out of the cart.
   */
  give(transfer: Transfer, settled: string | null): Promise<Result<Given, StoreFault | UndecidedCheckout>>;
  settle(transfer: Transfer): Promise<Result<void, StoreFault>>;
  /** The clock that says since when transfers wait, epoch ms. */
  now(): Promise<number>;
  /** At most `limit` guests of a shard whose transfers wait since `before` (epoch ms), the first first. */
  waiting(shard: number, before: number, limit: number): Promise<string[]>;
  /** How many guests' transfers wait, in all shards. */
  countWaiting(): Promise<number>;
  /** The waiting transfer of a guest, which goes behind the others of its shard; null when there is none. */
  resume(guest: string): Promise<Result<Transfer | null, StoreFault>>;
}
