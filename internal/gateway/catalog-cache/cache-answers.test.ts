import { expect } from "chai";
import { inOnePiece } from "./cache-answers.ts";

describe("A body of the catalog's cache", () => {
  const [one, other] = [Buffer.from("one"), Buffer.from("other")];

  it("is given as it is kept, and not copied for each who reads it", () => {
    expect(inOnePiece([one])).to.equal(one);
  });

  it("is put together when it came in several pieces, or in none", () => {
    expect(inOnePiece([one, other]).toString()).to.equal("oneother");
    expect(inOnePiece([]).length).to.equal(0);
  });
});
