import { expect } from "chai";
import { createRetryBudget } from "./retry-budget.ts";

describe("The budget of repetitions", () => {
  /** A budget on a clock of the test's own, and how many repetitions it lets through at once. */
  function budget() {
    let nowMs = 1_000_000;
    const { countRequest, take } = createRetryBudget(() => nowMs);
    return {
      requests: (count: number) => {
        for (let i = 0; i < count; i++) countRequest();
      },
      takeAll: () => {
        let taken = 0;
        while (taken < 10_000 && take()) taken++;
        return taken;
      },
      pass: (ms: number) => {
        nowMs += ms;
      },
    };
  }

  it("lets a few through without any load", () => {
    const { takeAll } = budget();
    expect(takeAll()).to.equal(50);
    expect(takeAll()).to.equal(0);
  });

  it("lets a fifth of the requests through beside these", () => {
    const { requests, takeAll } = budget();
    requests(1_000);
    expect(takeAll()).to.equal(250);
    requests(100);
    expect(takeAll()).to.equal(20);
  });

  it("forgets requests and repetitions after ten seconds", () => {
    const { requests, takeAll, pass } = budget();
    requests(1_000);
    expect(takeAll()).to.equal(250);
    pass(9_000);
    expect(takeAll()).to.equal(0);
    pass(1_000);
    expect(takeAll(), "the requests are forgotten too").to.equal(50);
  });

  it("is whole again after a long silence", () => {
    const { takeAll, pass } = budget();
    takeAll();
    pass(3_600_000);
    expect(takeAll()).to.equal(50);
  });
});
