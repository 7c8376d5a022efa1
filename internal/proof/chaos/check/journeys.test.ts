import { expect } from "chai";
import { check } from "./checker.ts";
import type {
  Arrival,
  Attempt,
  Change,
  History,
  JourneyAttempt,
  Line,
  OrderArrival,
  Strategy,
} from "./history.ts";

const [ANN, GUEST] = ["user:ann", "guest:g"];
/** What every answer about one owner says of caches. */
const OWN = { age: null, status: null, control: "no-store" };
const mugs = (quantity: number): Line[] => (quantity === 0 ? [] : [{ productId: "mug", quantity }]);
/** The same in an order: none of this is judged by prices. */
const bought = (quantity: number) =>
  mugs(quantity).map((line) => ({ ...line, unitPrice: { amount: 100, currency: "EUR" } }));
const trace = (n: number) => String(n).repeat(32);

function event(n: number, subject: string, version: number, change: Change, items: Line[]): Arrival {
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

function orderEvent(n: number, version: number, status: string): OrderArrival {
  const { data, ...rest } = event(n, "o1", version, { type: "" }, mugs(5));
  const { owner } = data;
  return {
    ...rest,
    type: `order.${status}`,
    data: { owner, items: bought(5), orderId: "o1", status, version, cartId: "uc", cartVersion: 2 },
  };
}

const cart = (cartId: string, version: number, quantity: number) => ({
  cartId: quantity === 0 ? null : cartId,
  version: quantity === 0 ? 0 : version,
  items: mugs(quantity),
});

/** A guest's two mugs join a user's three; all five are ordered, and the order is cancelled. */
function honest(): History {
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
function but<K extends keyof History>(which: K, change: (list: History[K]) => History[K]): History {
  const story = honest();
  return { ...story, [which]: change(story[which]) };
}
const rules = (history: History) => check(history).map(({ rule }) => rule);
const unknown = { kind: "unknown", reason: "no answer" } as const;
const refused = (code: string) => ({ kind: "refused", status: 409, code }) as const;

/** One journey with something changed. */
const journey = (at: number, change: Partial<JourneyAttempt>) =>
  but("journeys", (list) => list.with(at, { ...list[at]!, ...change }));
/** One journey's answer with something changed. */
const answer = (at: number, change: object) =>
  journey(at, { outcome: { ...honest().journeys[at]!.outcome, ...change } as JourneyAttempt["outcome"] });
const without = (which: "arrivals" | "orderArrivals", at: number) =>
  but(which, (list) => list.toSpliced(at, 1) as never);

/** By `max` a guest's two mugs change nothing about a user's three, and are missing where there is one. */
const byMax = (mine: number) => withoutGain("max", mine);

/** A merge of a guest's two mugs into a user's cart of so many, which tells of no gain. */
function withoutGain(strategy: Strategy, mine: number): History {
  const { attempts, arrivals, journeys } = honest();
  const [guest, user] = arrivals;
  const report = [
    { productId: "mug", outcome: "kept", guestQuantity: 2, userQuantity: mine, quantity: mine },
  ];
  const outcome = { ...journeys[0]!.outcome, cart: cart("uc", 1, mine), report };
  return {
    ...honest(),
    attempts: [
      attempts[0]!,
      {
        ...attempts[1]!,
        quantity: mine,
        outcome: { kind: "done", cart: cart("uc", 1, mine), replayed: false },
      },
    ],
    arrivals: [
      guest!,
      event(2, "uc", 1, { type: "item-added", productId: "mug", quantity: mine }, mugs(mine)),
      { ...arrivals[2]!, occurredAt: user!.occurredAt + 1 },
    ],
    journeys: [{ ...journeys[0]!, strategy, outcome } as JourneyAttempt],
    carts: [{ owner: ANN, cart: cart("uc", 1, mine), from: 9_000, to: 9_010 }],
    orderArrivals: [],
    orders: [],
  };
}

/** A merge of two mugs into a cart of three that leaves so many. */
function mergedBy(strategy: Strategy, quantity: number): History {
  const story = honest();
  const [merge] = story.journeys;
  const report = [{ productId: "mug", outcome: "merged", guestQuantity: 2, userQuantity: 3, quantity }];
  const outcome = { ...merge!.outcome, cart: cart("uc", 2, quantity), report };
  const gain = event(3, "uc", 2, { type: "merged", from: "gc", fromVersion: 1 }, mugs(quantity));
  return {
    ...story,
    arrivals: [...story.arrivals.slice(0, 3), gain],
    journeys: [{ ...merge!, strategy, outcome } as JourneyAttempt],
    carts: [{ owner: ANN, cart: cart("uc", 2, quantity), from: 9_000, to: 9_010 }],
    orderArrivals: [],
    orders: [],
  };
}

/** The order comes into these statuses, one after the other, and is not cancelled. */
function driven(...statuses: readonly ("paid" | "fulfilled" | "cancelled")[]): History {
  const story = honest();
  const [merge, checkout, cancel] = story.journeys;
  const moves = statuses.map((status, at): JourneyAttempt => {
    const n = 5 + at;
    const order = { id: "o1", status, version: at + 2, items: mugs(5) };
    const operation = ({ paid: "pay", fulfilled: "fulfil", cancelled: "cancel" } as const)[status];
    const outcome = { ...cancel!.outcome, order } as JourneyAttempt["outcome"];
    return {
      ...cancel!,
      operation,
      trace: trace(n),
      key: `move-${n}`,
      from: 1_000 * n,
      to: 1_000 * n + 100,
      outcome,
    };
  });
  const last = { id: "o1", status: statuses.at(-1)!, version: statuses.length + 1, items: mugs(5) };
  return {
    ...story,
    journeys: [merge!, checkout!, ...moves],
    orderArrivals: [
      story.orderArrivals[0]!,
      ...statuses.map((status, at) => orderEvent(5 + at, at + 2, status)),
    ],
    orders: [{ owner: ANN, orders: [last] }],
  };
}

/** A sixth mug comes, all six are ordered, and only then the first order's five are taken out. */
function orderedAgain(): History {
  const story = honest();
  const [placed] = story.orderArrivals;
  const change = { type: "item-added", productId: "mug", quantity: 1 };
  const data = { ...placed!.data, orderId: "o2", items: bought(6), cartVersion: 3 };
  return {
    ...story,
    arrivals: [
      ...story.arrivals.slice(0, 4),
      event(6, "uc", 3, change, mugs(6)),
      event(7, "uc", 4, { type: "ordered", orderId: "o1" }, mugs(1)),
    ],
    orderArrivals: [...story.orderArrivals, { ...placed!, id: "x", subject: "o2", data }],
  };
}

describe("The chaos checker of merges, checkouts and cancellations", () => {
  it("finds nothing in a story that keeps every promise", () => {
    expect(check(honest())).to.deep.equal([]);
  });
  for (const at of [0, 1, 2])
    it(`accepts an unknown outcome with its events, number ${at}`, () => {
      expect(check(journey(at, { outcome: unknown }))).to.deep.equal([]);
    });
  it("accepts an unknown outcome and an expected refusal without events", () => {
    const [merge, checkout, cancel] = honest().journeys;
    const more: JourneyAttempt[] = [
      { ...merge!, trace: trace(6), key: "a", outcome: unknown },
      { ...checkout!, trace: trace(7), key: "b", outcome: refused("CART_EMPTY") },
      { ...cancel!, trace: trace(8), key: "c", outcome: refused("ORDER_STATE") },
    ];
    expect(check(but("journeys", (list) => [...list, ...more]))).to.deep.equal([]);
  });

  it("accepts an order that was paid and fulfilled, and what was asked for out of turn", () => {
    expect(check(driven("paid", "fulfilled"))).to.deep.equal([]);
    const [, , , early] = driven("paid", "fulfilled").journeys;
    const refusedEarly = {
      ...early!,
      trace: trace(7),
      key: "e",
      from: 4_000,
      to: 4_200,
      outcome: refused("ORDER_STATE"),
    };
    const story = driven("paid", "fulfilled");
    expect(check({ ...story, journeys: [...story.journeys, refusedEarly] })).to.deep.equal([]);
  });
  for (const [what, statuses, rule] of [
    ["an order that was fulfilled and not paid", ["fulfilled"], "order-version"],
    [
      "an order that was cancelled after it was fulfilled",
      ["paid", "fulfilled", "cancelled"],
      "order-version",
    ],
    ["an order that was paid twice", ["paid", "paid"], "order-version"],
  ] as const)
    it(`catches ${what}`, () => expect(rules(driven(...statuses))).to.include(rule));
  it("catches a payment that another status came of", () => {
    const story = driven("paid");
    const [merge, checkout, pay] = story.journeys;
    const journeys = [merge!, checkout!, { ...pay!, operation: "fulfil" as const }];
    expect(rules({ ...story, journeys })).to.include.members(["order-invented", "order-differs"]);
  });
  it("catches a move that was refused although the order allowed it all the while", () => {
    const { journeys } = driven("paid");
    const late = {
      ...journeys[2]!,
      operation: "fulfil" as const,
      trace: trace(8),
      key: "l",
      from: 7_000,
      to: 7_100,
    };
    const story = driven("paid");
    expect(
      rules({ ...story, journeys: [...journeys, { ...late, outcome: refused("ORDER_STATE") }] }),
    ).to.deep.equal(["wrong-refusal"]);
  });

  it("accepts that a merge by max tells of no gain where the user had as much", () => {
    expect(check(byMax(3))).to.deep.equal([]);
  });
  it("accepts that a merge tells of no gain where the user keeps his own, or had what the guest had", () => {
    expect(check(withoutGain("keep-user", 3))).to.deep.equal([]);
    expect(check(withoutGain("keep-guest", 2))).to.deep.equal([]);
  });
  for (const [strategy, quantity] of [
    ["keep-guest", 2],
    ["max", 3],
    ["keep-user", 3],
  ] as const)
    it(`accepts a merge by ${strategy} that leaves ${quantity}, and catches one that left another`, () => {
      expect(check(mergedBy(strategy, quantity))).to.deep.equal([]);
      expect(rules(mergedBy(strategy, 4))).to.include.members(["wrong-event", "wrong-report"]);
    });

  const gain = honest().arrivals[3]!;
  const reduction = honest().arrivals[4]!;
  const again = (of: Arrival, more: Partial<Arrival["data"]>) => ({
    ...of,
    id: "again",
    version: 4,
    data: { ...of.data, version: 4, ...more },
  });
  const cases: [what: string, story: History, rule: string][] = [
    ["a guest's cart that was taken and never given", without("arrivals", 3), "merge-lost"],
    [
      "a guest's cart that was given twice",
      but("arrivals", (list) => [...list, again(gain, { items: mugs(2) })]),
      "merge-twice",
    ],
    ["a gain from a cart that was never taken", without("arrivals", 2), "merge-invented"],
    ["a merge that nobody asked for", but("journeys", (list) => list.slice(1)), "merge-invented"],
    ["a refused merge that was done", journey(0, { outcome: refused("MERGE_CONFLICT") }), "refused-yet-done"],
    [
      "a merge that gave less than it took",
      but("arrivals", (list) => list.with(3, { ...gain, data: { ...gain.data, items: mugs(4) } })),
      "wrong-event",
    ],
    [
      "a merge that took less than there was",
      but("arrivals", (list) =>
        list.with(2, event(3, "gc", 2, { type: "cart-merged", into: ANN, lines: mugs(1) }, [])),
      ),
      "merge-lost",
    ],
    [
      "a guest's cart that goes on after its merge",
      but("arrivals", (list) => [
        ...list,
        event(1, "gc", 3, { type: "item-added", productId: "mug", quantity: 1 }, mugs(1)),
      ]),
      "wrong-event",
    ],
    ["a merge by max whose greater quantity never came", byMax(1), "merge-lost"],
    ["a merge by keep-guest that left the user's", withoutGain("keep-guest", 3), "merge-lost"],
    ["a report of less than max makes of it", byMax(1), "wrong-report"],
    [
      "a merge by sum that made the maximum",
      but("arrivals", (list) => list.with(3, { ...gain, data: { ...gain.data, items: mugs(3) } })),
      "wrong-event",
    ],
    ["a merge by max that made the sum", journey(0, { strategy: "max" }), "wrong-event"],
    ["a report that leaves a line out", answer(0, { report: [] }), "wrong-report"],
    [
      "a report of a loss that it does not name",
      answer(0, {
        report: [{ productId: "mug", outcome: "merged", guestQuantity: 2, userQuantity: 3, quantity: 4 }],
      }),
      "wrong-report",
    ],
    ["an order without order.placed", but("orderArrivals", () => []), "order-without-event"],
    [
      "an order.placed without an order",
      but("orders", () => [{ owner: ANN, orders: [] }]),
      "event-without-order",
    ],
    [
      "an order cancelled before it was placed",
      but("orderArrivals", (list) => list.toReversed()),
      "order-version",
    ],
    ["a cancellation that was not told", without("orderArrivals", 1), "order-without-event"],
    ["an order that nobody asked for", but("journeys", (list) => list.toSpliced(1, 1)), "order-invented"],
    ["a refused checkout that was done", journey(1, { outcome: refused("CART_EMPTY") }), "refused-yet-done"],
    [
      "a correct checkout that was refused",
      journey(1, { agreed: [], outcome: refused("PRICE_CHANGED") }),
      "wrong-refusal",
    ],
    [
      "two orders of one key and cart",
      but("orderArrivals", (list) => [
        ...list,
        { ...list[0]!, id: "x", subject: "o2", data: { ...list[0]!.data, orderId: "o2" } },
      ]),
      "order-twice",
    ],
    [
      "an order of other lines than its cart's",
      but("orderArrivals", (list) =>
        list.map((each) => ({ ...each, data: { ...each.data, items: bought(6) } })),
      ),
      "order-lines",
    ],
    ["a cart that was never reduced", without("arrivals", 4), "not-reduced"],
    ["a cart reduced twice", but("arrivals", (list) => [...list, again(reduction, {})]), "reduced-twice"],
    [
      "a cart reduced by another quantity",
      but("arrivals", (list) => list.with(4, { ...reduction, data: { ...reduction.data, items: mugs(1) } })),
      "wrong-event",
    ],
    ["a cart reduced by no order", but("orderArrivals", () => []), "reduced-wrongly"],
    [
      "a cart reduced after an answer showed it so",
      but("arrivals", (list) => list.with(4, { ...reduction, occurredAt: 8_000 })),
      "reduced-late",
    ],
    ["a cart that became another order before it was reduced", orderedAgain(), "reduced-late"],
    ["an answer that shows a cart that never was", answer(1, { cart: cart("uc", 9, 1) }), "untold-state"],
  ];
  for (const [what, story, rule] of cases) it(`catches ${what}`, () => expect(rules(story)).to.include(rule));
});
