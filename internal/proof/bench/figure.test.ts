import { expect } from "chai";
import { alternate, judge, median, quantile } from "./figure.ts";
import { bucketQuantile, bucketsOf, difference } from "./histogram.ts";

describe("A histogram's quantile", () => {
  const text = (counts: readonly number[]) =>
    ["0.1", "0.2", "+Inf"].map((le, n) => `x_bucket{le="${le}",process="p"} ${counts[n]}`).join("\n");

  it("lies within its bucket as if the bucket were evenly filled", () => {
    expect(bucketQuantile(bucketsOf(text([50, 100, 100]), "x"), 0.75)).to.be.closeTo(0.15, 1e-9);
  });

  it("is of what came between two scrapes", () => {
    const between = difference(bucketsOf(text([50, 150, 150]), "x"), bucketsOf(text([50, 50, 50]), "x"));
    expect(bucketQuantile(between, 0.5)).to.be.closeTo(0.15, 1e-9);
  });

  it("is the last finite bound when it lies beyond", () => {
    expect(bucketQuantile(bucketsOf(text([0, 1, 100]), "x"), 0.99)).to.equal(0.2);
  });

  it("of nothing is an error", () => {
    expect(() => bucketQuantile(bucketsOf(text([0, 0, 0]), "x"), 0.5)).to.throw("empty");
  });
});

describe("A figure", () => {
  const figure = { id: "x", what: "", against: "", unit: "" };

  it("is judged by the median of its rounds' ratios", () => {
    const verdict = judge({ ...figure, bound: { least: 0.9 }, ours: [9, 20, 1], baseline: [10, 10, 10] });
    expect(verdict).to.deep.equal({ ratio: 0.9, spread: [0.1, 2], met: true });
  });

  it("misses a bound by a little as by much", () => {
    expect(judge({ ...figure, bound: { most: 1.5 }, ours: [151], baseline: [100] }).met).to.equal(false);
    expect(judge({ ...figure, bound: { least: 3 }, ours: [299], baseline: [100] }).met).to.equal(false);
  });

  it("without a bound informs, and is neither met nor missed", () => {
    expect(judge({ ...figure, bound: null, ours: [2], baseline: [1] })).to.deep.equal({
      ratio: 2,
      spread: [2, 2],
      met: null,
    });
  });

  it("without rounds, or with uneven ones, is an error", () => {
    expect(() => judge({ ...figure, bound: { most: 1 }, ours: [], baseline: [] })).to.throw("uneven");
    expect(() => judge({ ...figure, bound: { most: 1 }, ours: [1, 2], baseline: [1] })).to.throw("uneven");
  });

  it("comes from contenders in turn, after a round that does not count", async () => {
    const order: string[] = [];
    const result = await alternate(
      2,
      async (round) => order.push(`a${round}`),
      async (round) => order.push(`b${round}`),
    );
    expect(order).to.deep.equal(["a-1", "b-1", "a0", "b0", "a1", "b1"]);
    expect(result).to.deep.equal({ a: [3, 5], b: [4, 6] });
  });

  it("knows median and quantile", () => {
    expect([median([3, 1, 2]), median([1, 2, 3, 4])]).to.deep.equal([2, 2.5]);
    const hundred = Array.from({ length: 100 }, (_, n) => n + 1);
    expect(quantile(hundred, 0.99)).to.equal(99);
  });
});
