/*
 * What a chaos run has seen from outside: plain data, so that a history can be written to a file, cut
 * down and judged again. Nothing in this folder comes from the product; the linter sees to that.
 */

import type { Caching, NotDone } from "./answers.ts";
import type { CatalogRead, CatalogVersion } from "./catalog-seen.ts";
import type { SessionAttempt } from "./session-seen.ts";

export interface Line {
  readonly productId: string;
  readonly quantity: number;
}

/** In minor units. */
export interface Price {
  readonly amount: number;
  readonly currency: string;
}

/** A line with the price of one piece. */
export interface PricedLine extends Line {
  readonly unitPrice: Price;
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
  { readonly kind: "done"; readonly cart: SeenCart; readonly replayed: boolean } | NotDone;

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
  /** Null when no answer came. */
  readonly caching: Caching | null;
  readonly outcome: Outcome;
}

/** What a cart's event says was done. */
export interface Change {
  readonly type: string;
  readonly productId?: string;
  readonly quantity?: number;
  /** Of `cart-merged`: the user, and what the cart held. */
  readonly into?: string;
  readonly lines?: readonly Line[];
  /** Of `merged`: the guest's cart, and its version when it was taken. */
  readonly from?: string;
  readonly fromVersion?: number;
  /** Of `ordered`. */
  readonly orderId?: string;
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
    /** Of events that time brings about. */
    readonly ownerKind?: string;
    readonly cartId: string;
    readonly version: number;
    readonly change: Change;
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

/** A line of a merge's report. */
export interface ReportLine {
  readonly productId: string;
  readonly outcome: string;
  readonly guestQuantity: number;
  readonly userQuantity: number;
  readonly quantity: number;
}

/** An order as the API shows it. */
export interface SeenOrder {
  readonly id: string;
  readonly status: string;
  readonly version: number;
  readonly items: readonly Line[];
}

/** What a merge makes of a product that both carts have. */
export type Strategy = "sum" | "max" | "keep-user" | "keep-guest";

/** One attempt to merge, to check out, or to move an order. */
export interface JourneyAttempt {
  /** Unique, as of an {@link Attempt}. */
  readonly trace: string;
  /** Who has asked: a user; of all but a merge, maybe a guest. Of a service's deed, whose order it is. */
  readonly owner: string;
  /** A service pays and fulfils. */
  readonly operation: "merge" | "checkout" | "cancel" | "pay" | "fulfil";
  /** Of a merge: the guest, `guest:<id>`. */
  readonly guest: string | null;
  readonly strategy: Strategy | null;
  /** Of what moves an order. */
  readonly orderId: string | null;
  /** Of a checkout: what the shopper has agreed to. */
  readonly agreed: readonly PricedLine[] | null;
  /** The Idempotency-Key, the same of repeats; a merge needs none. */
  readonly key: string | null;
  /** Epoch ms. */
  readonly from: number;
  readonly to: number;
  /** Null when no answer came. */
  readonly caching: Caching | null;
  readonly outcome:
    | {
        readonly kind: "done";
        readonly replayed: boolean;
        /** Null when it is still to be reduced, and after a cancellation. */
        readonly cart: SeenCart | null;
        readonly report: readonly ReportLine[];
        readonly order: SeenOrder | null;
      }
    | NotDone;
}

/** An order's event. */
export interface OrderArrival extends Omit<Arrival, "data"> {
  readonly data: {
    readonly owner: string;
    readonly orderId: string;
    readonly status: string;
    readonly version: number;
    readonly items: readonly PricedLine[];
    /** The cart that the order was made from. */
    readonly cartId: string;
    readonly cartVersion: number;
  };
}

/** All orders of an owner, as they were listed after everything had come to rest. */
export interface FinalOrders {
  readonly owner: string;
  readonly orders: readonly SeenOrder[];
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
  readonly journeys: readonly JourneyAttempt[];
  /** In order of arrival, repeats included. */
  readonly orderArrivals: readonly OrderArrival[];
  readonly orders: readonly FinalOrders[];
  readonly reads: readonly CatalogRead[];
  /** What the catalog was told to sell, what it began with included. */
  readonly versions: readonly CatalogVersion[];
  readonly sessions: readonly SessionAttempt[];
  readonly faults: readonly Fault[];
}

/** Something that must not be. */
export interface Violation {
  /** Stable, such as `lost-event`. */
  readonly rule: string;
  readonly owner: string;
  readonly sentence: string;
}

export type NoteViolation = (rule: string, owner: string, sentence: string) => void;

/** Lines as text, the same for the same lines in whatever order. */
export function linesText(items: readonly Line[]): string {
  return items
    .map(({ productId, quantity }) => `${quantity} ${productId}`)
    .sort()
    .join(", ");
}
