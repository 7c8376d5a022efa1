import { expect } from "chai";
import { isTraceparent, newTraceparent } from "./traceparent.ts";

describe("A traceparent", () => {
  const valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

  it("is taken as the W3C writes it", () => {
    expect(isTraceparent(valid)).to.equal(true);
    expect(isTraceparent(valid.replace(/01$/, "00"))).to.equal(true);
  });

  it("is refused when anything about it is off", () => {
    for (const other of [
      undefined,
      [valid],
      "",
      ` ${valid}`,
      `${valid}\n`,
      `${valid}-x`,
      `${valid}, ${valid}`,
      valid.toUpperCase(),
      valid.replace("00-", "01-"),
      valid.replace("00-", "ff-"),
      valid.replace("4bf92f3577b34da6a3ce929d0e0e4736", "0".repeat(32)),
      valid.replace("00f067aa0ba902b7", "0".repeat(16)),
      valid.replace("4bf", "4bg"),
      valid.slice(0, -1),
    ]) {
      expect(isTraceparent(other), String(other)).to.equal(false);
    }
  });

  it("that is new is valid, not sampled, and like none before", () => {
    const made = Array.from({ length: 1_000 }, newTraceparent);
    for (const traceparent of made) {
      expect(isTraceparent(traceparent), traceparent).to.equal(true);
      expect(traceparent).to.match(/-00$/);
    }
    expect(new Set(made.map((each) => each.slice(3, 35))).size).to.equal(1_000);
    expect(new Set(made.map((each) => each.slice(36, 52))).size).to.equal(1_000);
  });
});
