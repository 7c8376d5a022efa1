import type { EventEnvelope } from "../platform/event/event.ts";
import type { Money } from "../platform/money/money.ts";
import type { Transaction } from "../platform/sql/database.ts";
import type { Order } from "./order.ts";

/** A request with an Idempotency-Key, as it is remembered. */
export interface RememberedRequest {
  /** SHA-256, hexadecimal, of owner, method, path and key. */
  readonly id: string;
  /** SHA-256, hexadecimal, of what must be equal for a repeat to be one: the body. */
  readonly hash: string;
}

/** What an order's owner has, as far as the next checkout needs it. */
export interface CheckoutBasis {
  /** The ordinal of the owner's latest order; 0 when there is none. */
  readonly ordinal: number;
  /** The owner's latest order, when its cart is not known to be reduced. */
  readonly unsettled: Order | null;
  /** What the request that was asked about led to, when it is not new. */
  readonly earlier: { readonly hash: string; readonly orderId: string } | null;
}

/**
 * Orders in SQL. Every write is one transaction with the event that tells of it: both are there or neither. A
 * database that is lost or refuses rejects with {@link OrderStoreUnavailable}, after which the outcome is
 * unknown; each method may be called again. What is wrong with the values rejects with another error.
 */
export interface OrderStore {
  /** `requestId` null asks about no request. */
  checkoutBasis(owner: string, requestId: string | null): Promise<CheckoutBasis>;
  /**
   * Writes the order with its lines, the request that led to it and its event. False, with nothing written,
   * when the owner has another order of this ordinal: somebody was faster.
   */
  place(order: Order, request: RememberedRequest, event: EventEnvelope): Promise<boolean>;
  /**
   * Takes an ordinal of the owner's for no order, so that none that is on its way can have it any more; waits
   * for one that is being committed. False, with nothing written, when an order has it.
   */
  skip(owner: string, ordinal: number): Promise<boolean>;
  /** Null when there is none, also for what is no id at all. */
  byId(id: string): Promise<Order | null>;
  /** Orders of an owner from below the ordinal `before`, newest first, at most `limit`. */
  page(owner: string, before: number, limit: number): Promise<Order[]>;
  /** What a request with an Idempotency-Key led to; null when it is new. */
  request(id: string): Promise<CheckoutBasis["earlier"]>;
  /**
   * Writes the status and version that an order has now, and its event. False, with nothing written, when the
   * order is no longer at the version before.
   */
  advance(order: Order, request: RememberedRequest | null, event: EventEnvelope): Promise<boolean>;
  /**
   * Orders placed before `placedBefore` (epoch ms) whose cart is not known to be reduced, oldest first, those
   * that come after `after`.
   */
  unsettled(placedBefore: number, limit: number, after: Place): Promise<Order[]>;
  /** How many orders placed before `placedBefore` (epoch ms) have carts that are not known to be reduced. */
  countUnsettled(placedBefore: number): Promise<number>;
  /** Notes that the carts of orders are reduced; resolves with the totals of those not noted before. */
  settle(ids: readonly string[]): Promise<Money[]>;
  /** Forgets at most `limit` requests from before a moment (epoch ms); returns how many. */
  forgetRequests(before: number, limit: number): Promise<number>;
}

/** The database is to blame, not what was asked of it. `cause`: its own error. */
export class OrderStoreUnavailable extends Error {
  override readonly name = "OrderStoreUnavailable";
}

/** Puts events into the outbox within a transaction; goes last there, because it takes locks. */
export type AppendEvents = (events: readonly EventEnvelope[], tx: Transaction) => Promise<void>;

/** Beyond every ordinal: a page from the newest on. */
export const NEWEST = Number.MAX_SAFE_INTEGER;

/** Where an order comes in the order of {@link OrderStore.unsettled}. */
export type Place = Pick<Order, "placedAt" | "id">;

/** Before every order. */
export const OLDEST: Place = { placedAt: 0, id: "00000000-0000-0000-0000-000000000000" };
