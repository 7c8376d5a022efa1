import { expect } from "chai";
import { err, ok } from "../result/result.ts";
import { withOutcome } from "./with-outcome.ts";

describe("The outcome of a piece of work", () => {
  const noted: [string, boolean][] = [];
  const note = (outcome: string, seconds: number) => noted.push([outcome, seconds >= 0 && seconds < 5]);
  beforeEach(() => {
    noted.length = 0;
  });

  it("is ok or what the value is named, the code of an error, and internal for what is thrown", async () => {
    expect(await withOutcome(async () => ok(1), note)).to.deep.equal(ok(1));
    await withOutcome(
      async () => ok(2),
      note,
      (value) => `value ${value}`,
    );
    expect(await withOutcome(async () => err({ code: "NOT_THERE" }), note)).to.deep.equal(
      err({ code: "NOT_THERE" }),
    );
    const fault = new Error("a bug");
    const thrown = withOutcome(async () => {
      throw fault;
    }, note);
    expect(await thrown.catch((error: Error) => error)).to.equal(fault);
    expect(noted).to.deep.equal([
      ["ok", true],
      ["value 2", true],
      ["not_there", true],
      ["internal", true],
    ]);
  });
});
