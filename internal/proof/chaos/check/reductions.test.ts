import { expect } from "chai";
import { rules } from "./checker-scene.ts";
import type { History } from "./history.ts";
import { again, bought, but, event, honest, mugs, without } from "./journeys-scene.ts";

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
    ["a cart that became another order before it was reduced", orderedAgain(), "reduced-late"],
  ];
  for (const [what, story, rule] of cases) it(`catches ${what}`, () => expect(rules(story)).to.include(rule));
});
