import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import { Registry } from "../metrics/metrics.ts";
import { createFailingGauge, every } from "./every.ts";

describe("Periodic work", () => {
  it("never overlaps, and stop waits for the run under way", async () => {
    let running = 0;
    let most = 0;
    let runs = 0;
    const periodic = every(
      1,
      "test",
      async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running--;
        runs++;
      },
      recordingLogger(),
    );
    await eventually("three runs", () => runs >= 3);
    await periodic.stop();
    expect([most, running]).to.deep.equal([1, 0]);
    const before = runs;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(runs).to.equal(before);
  });

  it("goes on after a failure, which it logs once until it succeeds again", async () => {
    let runs = 0;
    const { log, lines } = recordingLogger();
    const registry = new Registry();
    const failing = createFailingGauge(registry);
    const seen = new Set<number>();
    const state = async () => (await failing.get()).values[0]!.value;
    const periodic = every(
      1,
      "test",
      async () => {
        seen.add(await state());
        if (++runs <= 3) throw new Error("not yet");
      },
      { log, failing },
    );
    await eventually("it succeeds", () => runs >= 5);
    await periodic.stop();
    expect([...seen], "0, and 1 while it fails").to.deep.equal([0, 1]);
    expect(await state()).to.equal(0);
    expect(lines.map((line) => line.level)).to.deep.equal(["warn", "info"]);
  });
});
