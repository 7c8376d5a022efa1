import { expect } from "chai";
import { differentNumbers } from "./shop.ts";

describe("Different numbers", () => {
  it("are as many as asked, below the limit, and none comes twice", () => {
    const numbers = [...differentNumbers(900, 1_000)];
    expect(new Set(numbers).size).to.equal(900);
    expect(numbers.every((n) => n >= 0 && n < 1_000)).to.equal(true);
    expect(numbers).not.to.deep.equal(numbers.toSorted((a, b) => a - b));
  });

  it("cannot be more than there are", () => {
    expect(() => differentNumbers(11, 10)).to.throw("no 11 different numbers below 10");
  });
});
