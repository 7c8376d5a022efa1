import { ends } from "./carts.ts";
import {
  type Arrival,
  type JourneyAttempt,
  linesText,
  type NoteViolation,
  type OrderArrival,
} from "./history.ts";
import { EXPIRY } from "./operations.ts";

/**
 * An order holds what its cart held at one version, which becomes one order at most; it takes that out of
 * the cart once in the end, unless nothing of it is left: before the cart becomes another order, and before
 * an answer shows the cart as reduced.
 */
export function checkReductions(
  orders: readonly OrderArrival[],
  cartEvents: readonly Arrival[],
  journeys: readonly JourneyAttempt[],
  fault: NoteViolation,
): void {
  const reductions = Map.groupBy(
    cartEvents.filter(({ data }) => data.change.type === "ordered"),
    ({ data }) => data.change.orderId ?? "",
  );
  const ofCart = Map.groupBy(cartEvents, ({ subject }) => subject);
  const shown = whenShown(journeys);
  const placed = orders.filter(({ type }) => type === "order.placed");
  for (const [cartId, of] of Map.groupBy(placed, ({ data }) => data.cartId)) {
    const inOrder = of.toSorted((a, b) => a.data.cartVersion - b.data.cartVersion);
    for (const [at, order] of inOrder.entries()) {
      const by = reductions.get(order.subject) ?? [];
      reductions.delete(order.subject);
      const next = inOrder[at + 1];
      const version = next?.data.cartVersion ?? Number.POSITIVE_INFINITY;
      const due = { version, at: shown.get(order.subject) ?? Number.POSITIVE_INFINITY };
      if (next?.data.cartVersion === order.data.cartVersion)
        fault(
          "order-twice",
          order.data.owner,
          `${stateText(order)} became ${order.subject} and ${next.subject}`,
        );
      checkReduction(order, ofCart.get(cartId) ?? [], by, due, fault);
    }
  }
  for (const [id, [event]] of reductions)
    fault("reduced-wrongly", event!.data.owner, `cart ${event!.subject} was reduced by ${id}, no order`);
}

/** The latest that an order's reduction may be: a version of the cart, and epoch ms. */
interface Due {
  readonly version: number;
  readonly at: number;
}

function checkReduction(
  { subject, data }: OrderArrival,
  cart: readonly Arrival[],
  by: readonly Arrival[],
  due: Due,
  fault: NoteViolation,
): void {
  const { owner, cartId, cartVersion } = data;
  const state = stateText({ data });
  const from = cart.find(({ version }) => version === cartVersion);
  if (!from || linesText(from.data.items) !== linesText(data.items))
    fault("order-lines", owner, `order ${subject} holds [${linesText(data.items)}], unlike ${state}`);
  if (by.length > 1)
    fault("reduced-twice", owner, `order ${subject} reduced cart ${cartId} ${by.length} times`);
  if (by.some((each) => each.subject !== cartId || each.version <= cartVersion))
    fault("reduced-wrongly", owner, `order ${subject} was made from ${state} and reduced another`);
  const inTime = (event: Arrival) =>
    event.version > cartVersion && event.version <= due.version && momentOf(event) <= due.at;
  if (by.length === 0 && !cart.some((each) => inTime(each) && spared(each, data.items)))
    fault("not-reduced", owner, `order ${subject} never reduced ${state}`);
  const [late] = by.filter((each) => !inTime(each));
  if (late)
    fault("reduced-late", owner, `order ${subject} reduced ${state} at version ${late.version}, too late`);
}

/** By order: when an answer first showed the cart as reduced, epoch ms. */
function whenShown(journeys: readonly JourneyAttempt[]): Map<string, number> {
  const shown = new Map<string, number>();
  for (const { operation, outcome, to } of journeys) {
    if (operation !== "checkout" || outcome.kind !== "done" || !outcome.order || !outcome.cart) continue;
    const { id } = outcome.order;
    shown.set(id, Math.min(to, shown.get(id) ?? Number.POSITIVE_INFINITY));
  }
  return shown;
}

/** When a cart came into the state that an event tells of, epoch ms: it expires before anybody tells so. */
const momentOf = ({ occurredAt, data: { change, expiresAt } }: Arrival) =>
  change.type === EXPIRY && expiresAt !== null ? Date.parse(expiresAt) : occurredAt;

/** True when the cart had nothing left that an order of these items could take. */
function spared(event: Arrival, items: OrderArrival["data"]["items"]): boolean {
  return (
    ends(event) ||
    !event.data.items.some(({ productId }) => items.some((item) => item.productId === productId))
  );
}

const stateText = ({ data: { cartId, cartVersion } }: Pick<OrderArrival, "data">) =>
  `cart ${cartId} at version ${cartVersion}`;
