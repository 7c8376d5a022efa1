import { expect } from "chai";
import { cursorAfter, readCursor } from "./cursor.ts";

describe("A cursor of orders", () => {
  it("leads back to the ordinal that it was made of", () => {
    for (const ordinal of [1, 42, 999_999_999_999_999])
      expect(readCursor(cursorAfter(ordinal))).to.equal(ordinal);
  });

  it("is refused in any but its canonical base64url spelling", () => {
    const forged = [
      "",
      "42",
      "o42",
      "bzQy=",
      " bzQy",
      Buffer.from("o0").toString("base64url"),
      "b".repeat(999),
    ];
    // Read as numbers and written again, these would be the same.
    const noNumbers = ["oNaN", "oInfinity", "o1.5", "o1e+21"].map((text) =>
      Buffer.from(text).toString("base64url"),
    );
    for (const cursor of [...forged, ...noNumbers, Buffer.from("o-1").toString("base64url"), "NaN", "bzFlOQ"])
      expect(readCursor(cursor), cursor).to.equal(null);
  });
});
