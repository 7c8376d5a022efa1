import { expect } from "chai";
import { check } from "./checker.ts";
import { rules } from "./checker-scene.ts";
import type { History, JourneyAttempt, Strategy } from "./history.ts";
import {
  ANN,
  again,
  answer,
  but,
  cart,
  event,
  honest,
  journey,
  mugs,
  refused,
  without,
} from "./journeys-scene.ts";

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

describe("The chaos checker of merges", () => {
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
  ];
  for (const [what, story, rule] of cases) it(`catches ${what}`, () => expect(rules(story)).to.include(rule));
});
