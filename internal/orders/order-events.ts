import type { EventEnvelope, EventOrigin } from "../platform/event/event.ts";
import { newId } from "../platform/uuid/new-id.ts";
import type { Order } from "./order.ts";
import { orderView } from "./order-view.ts";

/** The orders' events; their sequence is the order's version, their subject its id. */
const ORDER_EVENTS: EventOrigin = { source: "/cartwright/orders", sequenceName: "orderversion" };

/**
 * The event of an order that has just come into its status: `order.placed`, `order.paid` and so on. Its data
 * is the whole order, with the owner and the cart that it was made from, so that a consumer needs no history.
 */
export function eventOf(
  order: Order,
  more: { readonly partition: number; readonly traceparent: string | null; readonly at: number },
): EventEnvelope {
  const { id, ...shown } = orderView(order);
  return {
    id: newId(),
    partition: more.partition,
    ...ORDER_EVENTS,
    type: `order.${order.status}`,
    subject: id,
    sequence: order.version,
    data: JSON.stringify({
      orderId: id,
      owner: order.owner,
      ...shown,
      change: { type: `order-${order.status}` },
      cartId: order.cart.cartId,
      cartVersion: order.cart.version,
    }),
    traceparent: more.traceparent,
    occurredAt: more.at,
  };
}
