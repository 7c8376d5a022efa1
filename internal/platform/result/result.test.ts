import { expect } from "chai";
import { err, ok, type Result, unwrap } from "./result.ts";

describe("A result", () => {
  it("is a value or an error, told apart by ok", () => {
    const results: Result<number, "NONE">[] = [ok(1), err("NONE")];
    expect(results.map((result) => (result.ok ? result.value : result.error))).to.deep.equal([1, "NONE"]);
  });

  it("unwrapped gives the value, or throws with the error as cause", () => {
    expect(unwrap(ok(7))).to.equal(7);
    const error = { code: "NONE" };
    expect(() => unwrap(err(error)))
      .to.throw("NONE")
      .with.property("cause", error);
  });
});
