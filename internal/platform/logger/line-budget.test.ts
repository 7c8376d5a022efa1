import { expect } from "chai";
import { createLineBudget } from "./line-budget.ts";

describe("A line budget", () => {
  it("lets a burst through, then a line at intervals, each with the number of those left out", () => {
    let now = 0;
    const budget = createLineBudget({ burst: 2, everyMs: 1_000, now: () => now });
    expect([budget.take(), budget.take(), budget.take(), budget.take()]).to.deep.equal([0, 0, null, null]);
    now = 999;
    expect(budget.take()).to.equal(null);
    now = 1_000;
    expect([budget.take(), budget.take()]).to.deep.equal([3, null]);
    now = 60_000;
    expect([budget.take(), budget.take(), budget.take()]).to.deep.equal([1, 0, null]);
  });
});
