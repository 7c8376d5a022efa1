import { expect } from "chai";
import { isNetwork, networks } from "./networks.ts";

describe("Networks", () => {
  const known = networks(["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::1"]);

  for (const address of ["10.255.0.1", "192.0.2.7", "::ffff:10.0.0.1", "2001:db8:9::1", "::1"])
    it(`have ${address}`, () => expect(known(address)).to.equal(true));

  for (const address of [
    "11.0.0.1",
    "192.0.2.8",
    "::ffff:192.0.2.8",
    "2001:db9::1",
    "::2",
    "",
    "_a",
    "10.0.0",
  ])
    it(`do not have ${address || "nothing"}`, () => expect(known(address)).to.equal(false));

  it("may be none", () => expect(networks([])("127.0.0.1")).to.equal(false));

  it("are addresses and CIDRs, and nothing else", () => {
    for (const right of ["10.0.0.0/8", "::1", "fd00::/8", "0.0.0.0/0"])
      expect(isNetwork(right)).to.equal(true);
    for (const wrong of ["all", "10.0.0.0/33", "10.0.0.0/8/8", "fd00::/129", "", "/8"])
      expect(isNetwork(wrong), wrong).to.equal(false);
    expect(() => networks(["all"])).to.throw("all is no address and no CIDR");
  });
});
