import { expect } from "chai";
import { desiredRelays, type ScalingMemory } from "./desired-relays.ts";

const SECOND = 1_000;

describe("The number of relays", () => {
  const decide = (more: Partial<Parameters<typeof desiredRelays>[0]> = {}) =>
    desiredRelays({
      current: 2,
      min: 1,
      max: 8,
      scaleDownMs: 60 * SECOND,
      paused: false,
      figures: { partitionsBehind: 2, brokerConnected: true },
      memory: { wanted: [] },
      now: 0,
      ...more,
    });

  it("rises with the partitions that are behind, to twice as many at a time, and not above the most", () => {
    const behind = (partitionsBehind: number) => ({ figures: { partitionsBehind, brokerConnected: true } });
    expect(decide(behind(3))).to.include({ replicas: 3, reason: "LagGrows" });
    expect(decide(behind(64))).to.include({ replicas: 4 });
    expect(decide({ ...behind(64), current: 6 })).to.include({ replicas: 8 });
    const most = decide({ ...behind(64), current: 8 });
    expect(most).to.include({ replicas: 8, reason: "Settled" });
    expect(most.message).to.match(/^64 partitions are behind, but 8 relays are the most$/);
  });

  it("stays while a figure is missing, the broker is away, or scaling is paused", () => {
    const missing = decide({ figures: { partitionsBehind: null, brokerConnected: true } });
    expect(missing).to.include({ replicas: 2, reason: "FiguresMissing" });
    const away = decide({ figures: { partitionsBehind: 64, brokerConnected: false } });
    expect(away).to.include({ replicas: 2, reason: "BrokerAway" });
    expect(decide({ paused: true, current: 9 })).to.include({ replicas: 9, reason: "Paused" });
  });

  it("comes back into its bounds at once, from zero too", () => {
    expect(decide({ current: 0 })).to.include({ replicas: 1, reason: "OutOfBounds" });
    expect(decide({ current: 9 })).to.include({ replicas: 8 });
  });

  it("falls by one when fewer were enough for the whole window, and no sooner", () => {
    const none = { figures: { partitionsBehind: 0, brokerConnected: true }, current: 4 };
    let memory: ScalingMemory = { wanted: [] };
    for (let now = 0; now < 60 * SECOND; now += 10 * SECOND) {
      const decision = decide({ ...none, memory, now });
      expect(decision, `after ${now} ms`).to.include({ replicas: 4, reason: "Settled" });
      memory = decision.memory;
    }
    const fallen = decide({ ...none, memory, now: 61 * SECOND });
    expect(fallen).to.include({ replicas: 3, reason: "LagGone" });
    expect(decide({ ...none, current: 3, memory: fallen.memory, now: 62 * SECOND })).to.include({
      replicas: 2,
    });
  });

  it("does not fall while the window holds a moment that needed more, or a gap in the figures", () => {
    let { memory } = decide({ figures: { partitionsBehind: 4, brokerConnected: true }, current: 4, now: 0 });
    const idle = { figures: { partitionsBehind: 0, brokerConnected: true }, current: 4 };
    for (let now = 10 * SECOND; now < 60 * SECOND; now += 10 * SECOND) {
      const decision = decide({ ...idle, memory, now });
      expect(decision.replicas).to.equal(4);
      memory = decision.memory;
    }
    ({ memory } = decide({
      ...idle,
      figures: { partitionsBehind: null, brokerConnected: true },
      memory,
      now: 61 * SECOND,
    }));
    expect(decide({ ...idle, memory, now: 62 * SECOND })).to.include({ replicas: 4 });
  });
});
