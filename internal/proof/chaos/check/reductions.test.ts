import { expect } from "chai";
import { rules } from "./checker-scene.ts";
import type { History } from "./history.ts";
import { ANN, again, bought, but, event, honest, mugs, without } from "./journeys-scene.ts";

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

/** Five mugs are ordered; the user merges a guest's two by "sum", and only then the five are taken out. */
function joinedBefore(reduction: { asked: number }): History {
  const story = honest();
  const arrivals = [
    event(1, "gc", 1, { type: "item-added", productId: "mug", quantity: 2 }, mugs(2)),
    event(2, "uc", 1, { type: "item-added", productId: "mug", quantity: 3 }, mugs(3)),
    event(2, "uc", 2, { type: "item-added", productId: "mug", quantity: 2 }, mugs(5)),
    event(6, "gc", 2, { type: "cart-merged", into: ANN, lines: mugs(2) }, []),
    event(6, "uc", 3, { type: "merged", from: "gc", fromVersion: 1 }, mugs(7)),
    event(7, "uc", 4, { type: "ordered", orderId: "o1" }, mugs(2)),
  ];
  const [merge, checkout] = story.journeys;
  const pending = { ...checkout!, outcome: { ...checkout!.outcome, cart: null } } as typeof checkout;
  const late = {
    ...merge!,
    trace: event(6, "uc", 3, { type: "" }, []).trace!,
    from: reduction.asked,
    to: 6_100,
  };
  return { ...story, arrivals, journeys: [late, pending!] };
}

describe("The chaos checker of what orders take out of carts", () => {
  const reduction = honest().arrivals[4]!;
  const cases: [what: string, story: History, rule: string][] = [
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
    [
      "a cart that a merge joins after the answer to its order",
      joinedBefore({ asked: 6_000 }),
      "reduced-late",
    ],
    ["a cart that became another order before it was reduced", orderedAgain(), "reduced-late"],
  ];
  for (const [what, story, rule] of cases) it(`catches ${what}`, () => expect(rules(story)).to.include(rule));

  it("accepts a merge that was asked for before the order is known to have stood", () => {
    expect(rules(joinedBefore({ asked: 4_010 }))).not.to.include("reduced-late");
  });
});
