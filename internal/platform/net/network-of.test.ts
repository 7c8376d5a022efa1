import { expect } from "chai";
import { networkOf } from "./network-of.ts";

describe("Whom an address belongs to", () => {
  for (const [address, network] of [
    ["203.0.113.9", "203.0.113.9"],
    ["::ffff:203.0.113.9", "203.0.113.9"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:DB8:1:2::9", "2001:db8:1:2::/64"],
    ["2001:db8:0001:0002::", "2001:db8:1:2::/64"],
    ["2001:db8::9", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["64:ff9b:1:2::192.0.2.33", "64:ff9b:1:2::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["_hidden", "_hidden"],
    ["unknown", "unknown"],
  ] as const) {
    it(`${address} is one with ${network}`, () => expect(networkOf(address)).to.equal(network));
  }

  it("what is no address is told apart by its beginning alone, however long it is", () => {
    expect(networkOf(`_${"x".repeat(5_000)}`)).to.have.length(64);
    expect(networkOf(`a:${"x".repeat(5_000)}`)).to.have.length(64);
  });
});
