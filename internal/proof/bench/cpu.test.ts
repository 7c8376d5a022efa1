import { expect } from "chai";
import { costByPart, microsecondsEach, withCpu } from "./cpu.ts";

describe("The processor time of a request", () => {
  const cpu = { gateway: 0.2, cart: 0.1 };

  it("is that of all parts, or of those named, in us", () => {
    expect(microsecondsEach({ cpu, requests: 1_000 })).to.be.closeTo(300, 1e-9);
    expect(microsecondsEach({ cpu, requests: 1_000 }, ["cart"])).to.be.closeTo(100, 1e-9);
  });

  it("is told by part over all rounds, the dearest first", () => {
    const rounds = [
      { cpu: { cart: 0.1, gateway: 0.2 }, requests: 1_000 },
      { cpu: { cart: 0.1, gateway: 0.4 }, requests: 1_000 },
    ];
    expect(costByPart(rounds)).to.equal("CPU of a request in us: 400 (gateway 300, cart 100)");
  });

  it("is what is used while the work lasts", async () => {
    const { result, cpu: used } = await withCpu({ ours: [process.pid], none: [] }, async () => {
      const until = performance.now() + 100;
      while (performance.now() < until);
      return "done";
    });
    expect(result).to.equal("done");
    expect(used.ours).to.be.greaterThan(0);
    expect(used.none).to.equal(0);
  });
});
