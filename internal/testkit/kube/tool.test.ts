import { expect } from "chai";
import { attempt } from "./tool.ts";

describe("A command that tests run", () => {
  it("may end without reading its input", async () => {
    const { code } = await attempt("false", [], { input: "x".repeat(4 * 1_024 * 1_024) });
    expect(code).to.equal(1);
  });

  it("that is nowhere is named", async () => {
    const failure = await attempt("no-such-command", ["x"]).catch((error: Error) => error.message);
    expect(failure).to.equal("no-such-command x: spawn no-such-command ENOENT");
  });
});
