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
 * the cart once in the end, unless nothing of it is left: before the cart becomes another order, before an
 * answer shows the cart as reduced, and before a merge joins the cart that was asked for once it stood.
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
  const shown = whenAnswered(journeys, ({ cart }) => cart !== null);
  const answered = whenAnswered(journeys, () => true);
  const askedAt = new Map(journeys.map(({ trace, from }) => [trace, from]));
  const placed = orders.filter(({ type }) => type === "order.placed");
  for (const [cartId, of] of Map.groupBy(placed, ({ data }) => data.cartId)) {
    const inOrder = of.toSorted((a, b) => a.data.cartVersion - b.data.cartVersion);
    for (const [at, order] of inOrder.entries()) {
      const by = reductions.get(order.subject) ?? [];
      reductions.delete(order.subject);
      const next = inOrder[at + 1];
      const stood = Math.min(order.receivedAt, answered.get(order.subject) ?? Number.POSITIVE_INFINITY);
      const joined = joinedAfter(order, stood, ofCart.get(cartId) ?? [], askedAt);
      const version = Math.min(next?.data.cartVersion ?? Number.POSITIVE_INFINITY, joined - 1);
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

/** The cart's version by the first merge that was asked for after the order stood, epoch ms. */
function joinedAfter(
  order: OrderArrival,
  stood: number,
  cart: readonly Arrival[],
  askedAt: ReadonlyMap<string, number>,
): number {
  const joined = cart.find(
    ({ version, trace, data: { change } }) =>
      version > order.data.cartVersion && change.type === "merged" && (askedAt.get(trace ?? "") ?? 0) > stood,
  );
  return joined?.version ?? Number.POSITIVE_INFINITY;
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

/** By order: when a checkout was first answered so, epoch ms. */
function whenAnswered(
  journeys: readonly JourneyAttempt[],
  so: (outcome: Extract<JourneyAttempt["outcome"], { kind: "done" }>) => boolean,
): Map<string, number> {
  const answered = new Map<string, number>();
  for (const { operation, outcome, to } of journeys) {
    if (operation !== "checkout" || outcome.kind !== "done" || !outcome.order || !so(outcome)) continue;
    const { id } = outcome.order;
    answered.set(id, Math.min(to, answered.get(id) ?? Number.POSITIVE_INFINITY));
  }
  return answered;
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
