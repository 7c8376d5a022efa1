import { answered, answering, type Bug, changes, listing, one, ordersOf, twice, without } from "./falsify.ts";
import type { Arrival, History, Line, PricedLine } from "./history.ts";
import type { Random } from "./operations.ts";

/** What a platform could do wrong with orders. */
export const ORDER_BUGS = {
  "order-lost": {
    does: "loses an order that it told of",
    rule: "event-without-order",
    falsify: (history, random) => listing(history, random, "placed", (orders) => orders.slice(1)),
  },
  "order-untold": {
    does: "places an order and does not tell of it",
    rule: "order-without-event",
    falsify: (history, random) => {
      const cancelled = new Set(ordersOf(history, "cancelled").map(({ subject }) => subject));
      const others = ordersOf(history, "placed").filter(({ subject }) => !cancelled.has(subject));
      return without(history, "orderArrivals", one(others, random));
    },
  },
  "order-twice": {
    does: "makes two orders of one cart",
    rule: "order-twice",
    falsify: (history, random) => {
      const victim = one(ordersOf(history, "placed"), random);
      const orderId = `${victim.subject}-again`;
      return twice(history, "orderArrivals", victim, { subject: orderId, data: { ...victim.data, orderId } });
    },
  },
  "order-lines": {
    does: "orders less than the cart holds",
    rule: "order-lines",
    falsify: (history, random) => {
      const { subject } = one(ordersOf(history, "placed"), random);
      const orderArrivals = history.orderArrivals.map((each) =>
        each.subject === subject
          ? { ...each, data: { ...each.data, items: each.data.items.slice(1) } }
          : each,
      );
      return { ...history, orderArrivals };
    },
  },
  "order-reorder": {
    does: "tells of a cancellation before the order",
    rule: "order-version",
    falsify: (history, random) => {
      const cancelled = one(ordersOf(history, "cancelled"), random);
      const rest = without(history, "orderArrivals", cancelled).orderArrivals;
      return { ...history, orderArrivals: [cancelled, ...rest] };
    },
  },
  "order-differs": {
    does: "forgets that an order was cancelled",
    rule: "order-differs",
    falsify: (history, random) =>
      listing(history, random, "cancelled", (orders) =>
        orders.map((order) => ({ ...order, status: "placed", version: 1 })),
      ),
  },
  "paid-lost": {
    does: "forgets that an order was paid",
    rule: "order-differs",
    falsify: (history, random) =>
      listing(history, random, "paid", (orders) =>
        orders.map((order) => ({ ...order, status: "placed", version: 1 })),
      ),
  },
  "fulfilled-unpaid": {
    does: "fulfils an order that is not paid",
    rule: "order-version",
    falsify: (history, random) => {
      const fulfilled = new Set(ordersOf(history, "fulfilled").map(({ subject }) => subject));
      const paid = ordersOf(history, "paid").filter(({ subject }) => fulfilled.has(subject));
      return without(history, "orderArrivals", one(paid, random));
    },
  },
  "refused-in-vain": {
    does: "refuses to cancel what is placed alone",
    rule: "wrong-refusal",
    falsify: (history, random) => {
      const moved = new Set(
        history.orderArrivals.filter(({ version }) => version > 1).map(({ subject }) => subject),
      );
      const placed = answered(history).filter(
        ({ operation, outcome: { order } }) =>
          operation === "checkout" && order !== null && !moved.has(order.id),
      );
      const victim = one(placed, random);
      const outcome = { kind: "refused", status: 409, code: "ORDER_STATE" } as const;
      const orderId = victim.outcome.order!.id;
      const refused = {
        ...victim,
        trace: `${victim.trace}-x`,
        operation: "cancel",
        orderId,
        outcome,
      } as const;
      return { ...history, journeys: [...history.journeys, refused] };
    },
  },
  "order-invented": {
    does: "orders what nobody asked for",
    rule: "order-invented",
    falsify: (history, random) => {
      const { trace } = one(ordersOf(history, "placed"), random);
      return { ...history, journeys: history.journeys.filter((each) => each.trace !== trace) };
    },
  },
  "refused-yet-done": {
    does: "refuses a checkout and places the order",
    rule: "refused-yet-done",
    falsify: (history, random) => refusing(history, random, "CART_CHANGED"),
  },
  "wrong-refusal": {
    does: "tells of a risen price where none rose",
    rule: "wrong-refusal",
    falsify: (history, random) => refusing(history, random, "PRICE_CHANGED"),
  },
  dearer: {
    does: "charges more than was agreed to",
    rule: "order-price",
    falsify: (history, random) => {
      const { subject } = one(ordersOf(history, "placed"), random);
      const dearer = ({ unitPrice, ...line }: PricedLine) => ({
        ...line,
        unitPrice: { ...unitPrice, amount: unitPrice.amount + 20_000 },
      });
      const orderArrivals = history.orderArrivals.map((each) =>
        each.subject === subject
          ? { ...each, data: { ...each.data, items: each.data.items.map(dearer) } }
          : each,
      );
      return { ...history, orderArrivals };
    },
  },
  "sold-out": {
    does: "sells what is sold out",
    rule: "order-stock",
    falsify: (history, random) => soldOut(history, one(ordersOf(history, "placed"), random).data.items),
  },
  "over-stock": {
    does: "puts into a cart what is sold out",
    rule: "over-stock",
    falsify: (history, random) => soldOut(history, one(changes(history, "item-added"), random).data.items),
  },
  "refused-stock": {
    does: "refuses a checkout for a stock that never was",
    rule: "wrong-refusal",
    falsify: (history, random) => {
      const placed = new Set(ordersOf(history, "placed").map(({ trace }) => trace));
      const victim = one(
        history.journeys.filter(({ trace }) => placed.has(trace)),
        random,
      );
      const lines = victim.agreed!.map(({ productId, quantity }) => ({
        productId,
        was: { quantity },
        now: { stock: -1 },
      }));
      return answering(history, victim, { kind: "refused", status: 409, code: "OUT_OF_STOCK", lines });
    },
  },
  "not-reduced": {
    does: "leaves what was ordered in the cart",
    rule: "not-reduced",
    falsify: (history, random) => without(history, "arrivals", one(soleReductions(history), random)),
  },
  "reduced-twice": {
    does: "takes what was ordered out of the cart twice",
    rule: "reduced-twice",
    falsify: (history, random) => twice(history, "arrivals", one(changes(history, "ordered"), random), {}),
  },
  "reduced-late": {
    does: "shows a cart as reduced before it is",
    rule: "reduced-late",
    falsify: (history, random) => {
      const victim = one(soleReductions(history), random);
      const late = (each: Arrival) => ({ ...each, occurredAt: each.occurredAt + 3_600_000 });
      const arrivals = history.arrivals.map((each) => (each.id === victim.id ? late(each) : each));
      return { ...history, arrivals };
    },
  },
  "reduced-wrongly": {
    does: "reduces a cart for no order",
    rule: "reduced-wrongly",
    falsify: (history, random) => {
      const { id } = one(changes(history, "ordered"), random);
      const change = { type: "ordered", orderId: "none" };
      const arrivals = history.arrivals.map((each) =>
        each.id === id ? { ...each, data: { ...each.data, change } } : each,
      );
      return { ...history, arrivals };
    },
  },
} as const satisfies Record<string, Bug>;

/** The history in which the catalog never had any of these. */
function soldOut(history: History, items: readonly Line[]): History {
  const ids = items.map(({ productId }) => productId);
  const versions = history.versions.map((version) =>
    ids.includes(version.product.id) ? { ...version, product: { ...version.product, stock: 0 } } : version,
  );
  return { ...history, versions };
}

/** The history in which a checkout that has placed an order was refused. */
function refusing(history: History, random: Random, code: string): History {
  const { trace } = one(ordersOf(history, "placed"), random);
  return answering(history, { trace: trace ?? "" }, { kind: "refused", status: 409, code });
}

/** Reductions that were answered for, came next and left nothing: no other event spares their carts. */
function soleReductions(history: History): Arrival[] {
  const shown = new Set(
    answered(history).flatMap(({ outcome: { order, cart } }) => (order && cart ? [order.id] : [])),
  );
  const versionOf = new Map(
    ordersOf(history, "placed").map(({ subject, data }) => [subject, data.cartVersion]),
  );
  return changes(history, "ordered").filter(({ version, data: { change, items } }) => {
    const id = change.orderId ?? "";
    return items.length === 0 && shown.has(id) && versionOf.get(id) === version - 1;
  });
}
