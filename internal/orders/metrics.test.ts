import { expect } from "chai";
import { Registry } from "../platform/metrics/metrics.ts";
import { registerUnsettledOrders } from "./metrics.ts";

describe("The metric orders_unsettled", function () {
  this.timeout(15_000);

  it("counts what is old enough to be the sweep's, and is no number while the database is away", async () => {
    const asked: number[] = [];
    let away = false;
    const store = {
      countUnsettled: async (placedBefore: number) => {
        if (away) throw new Error("the database is away");
        asked.push(placedBefore);
        return 3;
      },
    };
    const registry = new Registry();
    registerUnsettledOrders(registry, store, 60_000);
    expect(await registry.metrics()).to.match(/^orders_unsettled 3$/m);
    expect(Date.now() - asked[0]!).to.be.within(60_000, 90_000);
    away = true;
    expect(await registry.metrics()).to.match(/^orders_unsettled Nan$/im);
  });
  it("holds up a scrape for two seconds at most when the database does not answer at all", async () => {
    const registry = new Registry();
    registerUnsettledOrders(registry, { countUnsettled: () => new Promise(() => {}) }, 60_000);
    const at = performance.now();
    expect(await registry.metrics()).to.match(/^orders_unsettled Nan$/im);
    expect(performance.now() - at, "before Prometheus gives up").to.be.lessThan(9_000);
  });
});
