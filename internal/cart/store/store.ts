import type { StagedEvent } from "../../platform/event/event.ts";
import type { Result } from "../../platform/result/result.ts";
import type { CartError, CartState } from "../cart.ts";
import type { Fields } from "../operations/operation.ts";

/** Versions of a cart; `"*"` for any at which there is a cart, so not for 0. */
export type Tags = readonly number[] | "*";

/** What a client may attach to any change. */
export interface Preconditions {
  /** The versions one of which the cart must have; null for no condition. */
  readonly ifMatch: Tags | null;
  /** The versions none of which it may have. */
  readonly ifNoneMatch?: Tags | null;
  /** The client's name for this request: its repeat changes nothing and gets the first outcome, for 24 h. */
  readonly idempotencyKey: string | null;
  /** W3C trace context to go out with the event. */
  readonly traceparent: string | null;
  /** When whoever asks gives up, in ms since 1970: what is not done by then is not begun. */
  readonly deadline?: number | null;
}

export interface Limits {
  readonly maxLines: number;
  readonly maxQuantity: number;
}

/** A change as the client asked for it: an operation's name and its fields. */
export interface RequestedChange extends Fields {
  readonly op: string;
}

/** A change as the store makes it; `stock` is what the catalog has just said, where the operation asks it. */
export interface Change extends RequestedChange {
  readonly stock?: number;
}

/** Why a cart ended by itself: its time was up, or Redis no longer had it (evicted, or past its grace). */
export type ExpiryReason = "time" | "missing";

export interface Applied {
  readonly state: CartState;
  /** Null when the operation found nothing to change. */
  readonly staged: StagedEvent | null;
  /** True when this is the remembered outcome of an earlier request with the same idempotency key. */
  readonly replayed: boolean;
  /** When the change found a cart that was over and told of its end first: why that was over. */
  readonly expired: ExpiryReason | false;
}

/** The store itself: it did not answer, so what was asked may or may not have happened; or it is full. */
export type StoreFault = Extract<CartError, { code: `CART_STORE_${string}` }>;

export type StoreError = Exclude<
  CartError,
  { code: "PRODUCT_NOT_FOUND" | "CATALOG_UNAVAILABLE" | "DEADLINE_PASSED" }
>;

/**
 * Carts, each change atomic and exact under any concurrency: limits, preconditions, version, TTL, expiry
 * index and the staged event are one step. CART_STORE_UNAVAILABLE means the store did not answer: a change
 * may or may not have happened, and only a repeat with the same idempotency key is sure not to double it.
 */
export interface CartStore {
  read(owner: string): Promise<Result<CartState, StoreError>>;
  /** Answers a repeat from memory, without looking at the cart; null when this request is new. */
  recall(
    owner: string,
    change: RequestedChange,
    idempotencyKey: string,
  ): Promise<Result<Applied | null, StoreError>>;
  apply(owner: string, change: Change, preconditions: Preconditions): Promise<Result<Applied, StoreError>>;
}
