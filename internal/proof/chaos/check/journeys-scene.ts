import { OWN, trace } from "./checker-scene.ts";
import type { Arrival, Attempt, Change, History, JourneyAttempt, Line, OrderArrival } from "./history.ts";

export const [ANN, GUEST] = ["user:ann", "guest:g"];
export const mugs = (quantity: number): Line[] => (quantity === 0 ? [] : [{ productId: "mug", quantity }]);
/** The same in an order: none of this is judged by prices. */
export const bought = (quantity: number) =>
  mugs(quantity).map((line) => ({ ...line, unitPrice: { amount: 100, currency: "EUR" } }));

export function event(n: number, subject: string, version: number, change: Change, items: Line[]): Arrival {
  const owner = subject === "gc" ? GUEST : ANN;
  return {
    id: `${subject}-${version}`,
    type: change.type === "cart-merged" ? "cart.merged" : "cart.updated",
    subject,
    version,
    trace: trace(n),
    occurredAt: 1_000 * n + 50,
    receivedAt: 1_000 * n + 60,
    data: { owner, cartId: subject, version, change, items, expiresAt: null },
  };
}

export function orderEvent(n: number, version: number, status: string): OrderArrival {
  const { data, ...rest } = event(n, "o1", version, { type: "" }, mugs(5));
  const { owner } = data;
  return {
    ...rest,
    type: `order.${status}`,
    data: { owner, items: bought(5), orderId: "o1", status, version, cartId: "uc", cartVersion: 2 },
  };
}

export const cart = (cartId: string, version: number, quantity: number) => ({
  cartId: quantity === 0 ? null : cartId,
  version: quantity === 0 ? 0 : version,
  items: mugs(quantity),
});

/** A guest's two mugs join a user's three; all five are ordered, and the order is cancelled. */
export function honest(): History {
  const add = (n: number, owner: string, id: string, quantity: number): Attempt => ({
    trace: trace(n),
    owner,
    operation: "add",
    productId: "mug",
    quantity,
    key: `key-${n}`,
    ifMatch: null,
    from: 1_000 * n,
    to: 1_000 * n + 100,
    caching: OWN,
    outcome: { kind: "done", cart: cart(id, 1, quantity), replayed: false },
  });
  const journey = (n: number, operation: JourneyAttempt["operation"], done: object): JourneyAttempt => ({
    trace: trace(n),
    owner: ANN,
    operation,
    guest: operation === "merge" ? GUEST : null,
    strategy: operation === "merge" ? "sum" : null,
    orderId: operation === "cancel" ? "o1" : null,
    agreed: null,
    key: `key-${n}`,
    from: 1_000 * n,
    to: 1_000 * n + 100,
    caching: OWN,
    outcome: { kind: "done", replayed: false, cart: null, report: [], order: null, ...done },
  });
  const order = (status: string, version: number) => ({ id: "o1", status, version, items: mugs(5) });
  const line = { productId: "mug", outcome: "merged", guestQuantity: 2, userQuantity: 3, quantity: 5 };
  const added = (quantity: number) => ({ type: "item-added", productId: "mug", quantity });
  return {
    attempts: [add(1, GUEST, "gc", 2), add(2, ANN, "uc", 3)],
    journeys: [
      journey(3, "merge", { cart: cart("uc", 2, 5), report: [line] }),
      journey(4, "checkout", { cart: cart("uc", 3, 0), order: order("placed", 1) }),
      journey(5, "cancel", { order: order("cancelled", 2) }),
    ],
    arrivals: [
      event(1, "gc", 1, added(2), mugs(2)),
      event(2, "uc", 1, added(3), mugs(3)),
      event(3, "gc", 2, { type: "cart-merged", into: ANN, lines: mugs(2) }, []),
      event(3, "uc", 2, { type: "merged", from: "gc", fromVersion: 1 }, mugs(5)),
      event(4, "uc", 3, { type: "ordered", orderId: "o1" }, []),
    ],
    orderArrivals: [orderEvent(4, 1, "placed"), orderEvent(5, 2, "cancelled")],
    carts: [{ owner: ANN, cart: cart("uc", 3, 0), from: 9_000, to: 9_010 }],
    orders: [{ owner: ANN, orders: [order("cancelled", 2)] }],
    reads: [],
    versions: [],
    sessions: [],
    faults: [],
  };
}

/** The honest history with one list changed. */
export function but<K extends keyof History>(which: K, change: (list: History[K]) => History[K]): History {
  const story = honest();
  return { ...story, [which]: change(story[which]) };
}

export const refused = (code: string) => ({ kind: "refused", status: 409, code }) as const;

/** One journey with something changed. */
export const journey = (at: number, change: Partial<JourneyAttempt>) =>
  but("journeys", (list) => list.with(at, { ...list[at]!, ...change }));
/** One journey's answer with something changed. */
export const answer = (at: number, change: object) =>
  journey(at, { outcome: { ...honest().journeys[at]!.outcome, ...change } as JourneyAttempt["outcome"] });
export const without = (which: "arrivals" | "orderArrivals", at: number) =>
  but(which, (list) => list.toSpliced(at, 1) as never);

/** The event told again, as the fourth of its cart. */
export const again = (of: Arrival, more: Partial<Arrival["data"]>) => ({
  ...of,
  id: "again",
  version: 4,
  data: { ...of.data, version: 4, ...more },
});
