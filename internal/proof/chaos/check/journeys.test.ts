import { expect } from "chai";
import { check } from "./checker.ts";
import { rules, trace, unknown } from "./checker-scene.ts";
import type { JourneyAttempt } from "./history.ts";
import { answer, but, cart, honest, journey, refused } from "./journeys-scene.ts";

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
  it("catches an answer that shows a cart that never was", () =>
    expect(rules(answer(1, { cart: cart("uc", 9, 1) }))).to.include("untold-state"));
});
