import { expect } from "chai";
import { integer, port, secret, url } from "./fields.ts";

describe("Fields of a configuration", () => {
  const takes = (field: { safeParse(value: unknown): { success: boolean } }, value: string) =>
    field.safeParse(value).success;

  it("a whole number is written in decimal digits and lies within its bounds", () => {
    const field = integer(-5, 100);
    expect(field.parse("42")).to.equal(42);
    expect(field.parse("-5")).to.equal(-5);
    for (const bad of [
      "",
      " 1",
      "1 ",
      "1.0",
      "1e1",
      "0x1",
      "+1",
      "101",
      "-6",
      "NaN",
      "1\n",
      "9".repeat(17),
    ]) {
      expect(takes(field, bad), bad).to.equal(false);
    }
  });

  it("a port is one that TCP has", () => {
    expect([takes(port(), "0"), takes(port(), "65535"), takes(port(), "65536")]).to.deep.equal([
      true,
      true,
      false,
    ]);
  });

  it("a URL has one of the protocols, and is not repeated when it is wrong", () => {
    const field = url("redis:", "rediss:");
    expect(takes(field, "rediss://user:password@host:1")).to.equal(true);
    const wrong = field.safeParse("http://user:password@host");
    expect(wrong.success).to.equal(false);
    expect(JSON.stringify(wrong.error?.issues)).not.to.include("password");
    for (const bad of ["", "redis", "host:6379", "//host"]) expect(takes(field, bad), bad).to.equal(false);
  });

  it("a secret has at least 32 bytes", () => {
    expect(takes(secret(), "x".repeat(31))).to.equal(false);
    expect(takes(secret(), "x".repeat(32))).to.equal(true);
    expect(takes(secret(), "ä".repeat(16))).to.equal(true);
  });
});
