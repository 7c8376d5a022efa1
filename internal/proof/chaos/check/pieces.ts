import type { Arrival, Line, OrderArrival, Violation } from "./history.ts";
import { isOfJourney } from "./journeys.ts";

/**
 * Every piece that was in a guest's cart ends once: in an order, with the user it was merged into, put back
 * by the guest or by time, or still in the cart. What an order of a cart that was merged holds has left the
 * cart before, for that order or because the guest put it back; what left it for the order is in the order.
 */
export function checkPieces(events: readonly Arrival[], orders: readonly OrderArrival[]): Violation[] {
  const carts = Map.groupBy(events, ({ subject }) => subject);
  return orders.flatMap((order) => {
    const cart = carts.get(order.data.cartId) ?? [];
    return order.type === "order.placed" && order.data.owner.startsWith("guest:") ? wrongs(order, cart) : [];
  });
}

function wrongs({ subject, data }: OrderArrival, cart: readonly Arrival[]): Violation[] {
  const { owner, items, cartId, cartVersion } = data;
  const take = cart.find(({ data }) => data.change.type === "cart-merged");
  const violations: Violation[] = [];
  const fault = (rule: string, sentence: string) => violations.push({ rule, owner, sentence });
  for (const productId of new Set([...items, ...cart.flatMap((each) => each.data.items)].map(idOf))) {
    const ordered = quantityOf(items, productId);
    const left = leaving(cart, cartVersion, productId);
    const forIt = sum(left.filter(({ event }) => event.data.change.orderId === subject));
    const putBack = sum(left.filter(({ event }) => !isOfJourney(event.data.change)));
    const twice = Math.min(ordered - forIt - putBack, quantityOf(take?.data.change.lines ?? [], productId));
    if (twice > 0)
      fault(
        "piece-twice",
        `${twice} ${productId} of cart ${cartId} are in order ${subject} and went to ${take!.data.change.into}`,
      );
    if (forIt > ordered)
      fault(
        "piece-lost",
        `${forIt} ${productId} left cart ${cartId} for order ${subject}, which has ${ordered}`,
      );
  }
  return violations;
}

/** What has left a cart since a version, with the event that tells so. */
function leaving(cart: readonly Arrival[], since: number, productId: string) {
  return cart.flatMap((event, at) => {
    const before = quantityOf(cart[at - 1]?.data.items ?? [], productId);
    // An expiry tells of what the cart had.
    const after = event.data.change.type === "cart-expired" ? 0 : quantityOf(event.data.items, productId);
    return event.version > since && before > after ? [{ event, count: before - after }] : [];
  });
}

const idOf = ({ productId }: Line) => productId;
const quantityOf = (items: readonly Line[], productId: string) =>
  items.find((line) => line.productId === productId)?.quantity ?? 0;
const sum = (of: readonly { readonly count: number }[]) => of.reduce((total, { count }) => total + count, 0);
