import { expect } from "chai";
import { judgeBounded, judgeGrowth, type Point, slopeOf } from "./trend.ts";

const TOLERANCE = { relative: 0.05, absolute: 3 };

/** The same numbers in every run, evenly between -1 and 1. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state / 2 ** 32) * 2 - 1;
  };
}

/** Samples at 0, 1, 2 ... */
function series(length: number, valueAt: (index: number) => number): Point[] {
  return Array.from({ length }, (_, at) => ({ at, value: valueAt(at) }));
}

const SEEDS = Array.from({ length: 50 }, (_, i) => i * 7_919 + 1);

describe("The slope of a series", () => {
  it("is that of a line, and outliers do not move it", () => {
    const line = series(30, (i) => 5 + 2 * i + (i % 10 === 9 ? 500 : 0));
    expect(slopeOf(line).perUnit).to.be.closeTo(2, 0.01);
  });

  it("lies within its confidence bounds, which narrow as samples come in", () => {
    const random = noise(3);
    const noisy = series(100, (i) => i + 20 * random());
    const [few, many] = [slopeOf(noisy.slice(0, 25)), slopeOf(noisy)];
    for (const slope of [few, many]) expect(slope.perUnit).to.be.within(slope.low, slope.high);
    expect(many.high - many.low).to.be.below((few.high - few.low) / 2);
    expect([many.low < 1, many.high > 1]).to.deep.equal([true, true]);
  });

  it("of equal values is nothing, without significance", () => {
    expect(slopeOf(series(20, () => 7))).to.deep.equal({ perUnit: 0, low: 0, high: 0, z: 0 });
  });

  it("is significant when Mann and Kendall say so", () => {
    // 10 rising values: S = 45, variance 125, z = 44 / sqrt(125).
    expect(slopeOf(series(10, (i) => i * i)).z).to.be.closeTo(44 / Math.sqrt(125), 1e-9);
    expect(slopeOf(series(10, (i) => -i)).z).to.be.closeTo(-44 / Math.sqrt(125), 1e-9);
  });
});

describe("Memory", () => {
  const leaking = (valueAt: (index: number, random: () => number) => number, length = 40) =>
    SEEDS.filter((seed) => {
      const random = noise(seed);
      return judgeGrowth(
        series(length, (i) => valueAt(i, random)),
        TOLERANCE,
      ).leaks;
    }).length;

  it("that is constant in noise does not leak", () => {
    expect(leaking((_i, random) => 100 + 10 * random())).to.equal(0);
  });

  it("that rises and falls like a saw does not leak", () => {
    for (const period of [4, 7, 11]) {
      expect(leaking((i, random) => 100 + 4 * (i % period) + random())).to.equal(0);
    }
  });

  it("that flattens after warming up does not leak", () => {
    for (const pace of [2, 4, 6]) {
      expect(leaking((i, random) => 150 - 50 * Math.exp(-i / pace) + random())).to.equal(0);
    }
  });

  it("that shrinks does not leak", () => {
    expect(leaking((i, random) => 200 - 2 * i + random())).to.equal(0);
  });

  it("that grows by less than the tolerance does not leak, however certain the growth", () => {
    expect(leaking((i) => 100 + 0.1 * i)).to.equal(0);
  });

  it("that grows slowly and steadily in noise leaks", () => {
    expect(leaking((i, random) => 100 + 0.5 * i + 3 * random())).to.be.at.least(SEEDS.length - 1);
  });

  it("that leaks is also found in thousands of samples", () => {
    expect(leaking((i, random) => 100 + 0.01 * i + 10 * random(), 2_000)).to.equal(SEEDS.length);
  });

  it("is not judged by a few samples", () => {
    expect(() =>
      judgeGrowth(
        series(9, () => 1),
        TOLERANCE,
      ),
    ).to.throw("too few");
  });
});

describe("A count", () => {
  const leaks = (valueAt: (index: number) => number) =>
    judgeBounded(series(40, valueAt), { relative: 0.1, absolute: 3 }).leaks;

  it("that goes up and down within bounds does not leak", () => {
    const random = noise(11);
    expect(leaks(() => 50 + Math.round(10 * random()))).to.equal(false);
  });

  it("that has a burst at the end does not leak", () => {
    expect(leaks((i) => (i > 35 ? 500 : 50))).to.equal(false);
  });

  it("that grows and stays does", () => {
    expect(leaks((i) => 50 + Math.floor(i / 2))).to.equal(true);
    expect(leaks((i) => (i > 25 ? 80 : 50))).to.equal(true);
  });
});
