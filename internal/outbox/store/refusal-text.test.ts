import { expect } from "chai";
import { refusalText } from "./refusal-text.ts";

describe("the text of a refusal", () => {
  it("stays as it is when it is short", () => {
    expect(refusalText("no exchange 'x' 😀")).to.equal("no exchange 'x' 😀");
    expect(refusalText("x".repeat(500))).to.have.length(500);
  });

  it("is cut to 500 units, and never within a character", () => {
    expect(refusalText("x".repeat(501))).to.equal("x".repeat(500));
    expect(refusalText(`${"x".repeat(499)}😀`)).to.equal("x".repeat(499));
    expect(refusalText(`${"x".repeat(498)}😀y`)).to.equal(`${"x".repeat(498)}😀`);
  });

  it("holds nothing that a database refuses", () => {
    expect(refusalText("a\0b\ud800c")).to.equal("ab\ufffdc");
  });
});
