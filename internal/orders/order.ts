import type { Money } from "../platform/money/money.ts";
import { err, ok, type Result } from "../platform/result/result.ts";

export type OrderStatus = "placed" | "paid" | "fulfilled" | "cancelled";

/** Where an order can go from each status. */
export const TRANSITIONS: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  placed: ["paid", "cancelled"],
  paid: ["fulfilled", "cancelled"],
  fulfilled: [],
  cancelled: [],
};

/** One product of an order, as it was bought; never changed afterwards. */
export interface OrderLine {
  readonly productId: string;
  readonly name: string;
  /** What is charged for one. */
  readonly unitPrice: Money;
  /** What the shopper agreed to pay for one; `unitPrice` is never higher. */
  readonly agreedPrice: Money;
  readonly quantity: number;
}

/** A cart at one of its versions. */
export interface CartVersion {
  readonly cartId: string;
  readonly version: number;
}

/** A durable order. */
export interface Order {
  /** UUIDv7. */
  readonly id: string;
  /** `user:<id>` or `guest:<id>`. */
  readonly owner: string;
  /** The owner's own count of orders: 1 for the first. */
  readonly ordinal: number;
  readonly status: OrderStatus;
  /** 1 when placed, one more with each transition: the sequence of its events. */
  readonly version: number;
  /** Epoch ms. */
  readonly placedAt: number;
  /** All in one currency, each product once. */
  readonly lines: readonly OrderLine[];
  readonly total: Money;
  /** The cart that it was made from, as it was read. */
  readonly cart: CartVersion;
}

/** Why an order does not change its status. */
export interface OrderStateError {
  readonly code: "ORDER_STATE";
  readonly state: OrderStatus;
  readonly allowed: readonly OrderStatus[];
}

/** The order after its transition, or why it cannot be made. */
export function transition(order: Order, to: OrderStatus): Result<Order, OrderStateError> {
  const allowed = TRANSITIONS[order.status];
  if (!allowed.includes(to)) return err({ code: "ORDER_STATE", state: order.status, allowed });
  return ok({ ...order, status: to, version: order.version + 1 });
}

/** What a line costs. */
export function lineTotal({ unitPrice, quantity }: OrderLine): Money {
  return { amount: unitPrice.amount * quantity, currency: unitPrice.currency };
}

/** The sum of lines of one currency; null when it is beyond what can be counted exactly (2^53). */
export function totalOf(lines: readonly OrderLine[], currency: string): Money | null {
  const amount = lines.reduce((sum, line) => sum + lineTotal(line).amount, 0);
  return Number.isSafeInteger(amount) ? { amount, currency } : null;
}
