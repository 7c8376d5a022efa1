/*
 * What a chaos run has seen from outside: plain data, so that a history can be written to a file, cut
 * down and judged again. Nothing in this folder comes from the product; the linter sees to that.
 */

export interface Line {
  readonly productId: string;
  readonly quantity: number;
}

/** A cart as the API shows it; `cartId` null and version 0 when it is empty. */
export interface SeenCart {
  readonly cartId: string | null;
  readonly version: number;
  readonly items: readonly Line[];
}

/** What became of one attempt of an operation. */
export type Outcome =
  /**
   * Answered 2xx, with the cart as it was then. `replayed`: an earlier attempt with the same key had done it.
   */
  | { readonly kind: "done"; readonly cart: SeenCart; readonly replayed: boolean }
  /** Refused for certain: nothing has changed. */
  | { readonly kind: "refused"; readonly status: number; readonly code: string }
  /** No answer, or one that says nothing of what happened: it may have taken effect, or may still. */
  | { readonly kind: "unknown"; readonly reason: string };

/** One attempt; another attempt of the same operation has the same `key` and another `trace`. */
export interface Attempt {
  /**
   * Unique; the trace id (32 hex digits) of the request, which the platform carries into the event it causes.
   */
  readonly trace: string;
  /** The owner as events name it: `user:<id>`. */
  readonly owner: string;
  /** A name in operations.ts. */
  readonly operation: string;
  readonly productId: string | null;
  readonly quantity: number | null;
  /** The Idempotency-Key: at most one attempt with one key may take effect. */
  readonly key: string | null;
  /** The version that If-Match demanded, or null. */
  readonly ifMatch: number | null;
  /** Epoch ms: before the request was sent, and after its outcome was known. */
  readonly from: number;
  readonly to: number;
  readonly outcome: Outcome;
}

/** One arrival at the consumer; the same event may arrive more than once. */
export interface Arrival {
  readonly id: string;
  readonly type: string;
  /** The cart id. */
  readonly subject: string;
  /** As the message's attribute tells it. */
  readonly version: number;
  /** The trace id of its traceparent, or null. */
  readonly trace: string | null;
  /** Epoch ms. */
  readonly occurredAt: number;
  readonly receivedAt: number;
  readonly data: {
    readonly owner: string;
    readonly cartId: string;
    readonly version: number;
    readonly change: { readonly type: string; readonly productId?: string; readonly quantity?: number };
    readonly items: readonly Line[];
    readonly expiresAt: string | null;
  };
}

/** A cart as it was read after everything had come to rest. */
export interface FinalCart {
  readonly owner: string;
  readonly cart: SeenCart;
  /** Epoch ms, before and after the reading. */
  readonly from: number;
  readonly to: number;
}

/** Something the nemesis did. */
export interface Fault {
  /** Such as `redis kill -9`; what the summary counts by. */
  readonly kind: string;
  /** Epoch ms: from when it began to hurt until it was over. */
  readonly from: number;
  readonly to: number;
}

export interface History {
  readonly attempts: readonly Attempt[];
  /** In order of arrival, repeats included. */
  readonly arrivals: readonly Arrival[];
  readonly carts: readonly FinalCart[];
  readonly faults: readonly Fault[];
}

/** Something that must not be. */
export interface Violation {
  /** Stable, such as `lost-event`. */
  readonly rule: string;
  readonly owner: string;
  readonly sentence: string;
}

/** Lines as text, the same for the same lines in whatever order. */
export function linesText(items: readonly Line[]): string {
  return items
    .map(({ productId, quantity }) => `${quantity} ${productId}`)
    .sort()
    .join(", ");
}
