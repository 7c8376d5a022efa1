import type { OrderedLines } from "../internal/cart/checkout/checkout-store.ts";
import type { Order } from "../internal/orders/order.ts";

/** An order as the carts know it. */
export const orderedLines = ({ id, cart, lines }: Order): OrderedLines => ({
  orderId: id,
  cartId: cart.cartId,
  version: cart.version,
  items: lines,
});
