import { expect } from "chai";
import { check } from "./checker.ts";
import { honest } from "./checker-scene.ts";
import type { History } from "./history.ts";
import { shrink } from "./shrink.ts";

describe("The chaos checker's shrinking", () => {
  it("cuts the smallest history out around a fault", () => {
    const story = honest();
    const [first, second, last] = story.arrivals;
    const noise = honest();
    const history: History = {
      ...story,
      arrivals: [second!, first!, last!],
      attempts: [
        ...story.attempts,
        ...noise.attempts.map((each) => ({ ...each, owner: "user:bob", trace: `b${each.trace.slice(1)}` })),
      ],
      faults: [
        { kind: "then", from: 900, to: 1_900 },
        { kind: "long after", from: 99_000, to: 99_900 },
      ],
    };
    const violation = check(history).find(({ rule }) => rule === "order")!;
    const { attempts, arrivals, carts, faults } = shrink(history, violation);
    expect(attempts).to.deep.equal([]);
    expect(arrivals).to.deep.equal([second, first]);
    expect(carts).to.deep.equal([]);
    expect(faults.map(({ kind }) => kind)).to.deep.equal(["then"]);
  });
});
