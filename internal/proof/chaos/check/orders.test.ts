import { expect } from "chai";
import { check } from "./checker.ts";
import { rules, trace } from "./checker-scene.ts";
import type { History, JourneyAttempt } from "./history.ts";
import { ANN, bought, but, honest, journey, mugs, orderEvent, refused, without } from "./journeys-scene.ts";

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

describe("The chaos checker of orders", () => {
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

  const cases: [what: string, story: History, rule: string][] = [
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
  ];
  for (const [what, story, rule] of cases) it(`catches ${what}`, () => expect(rules(story)).to.include(rule));
});
