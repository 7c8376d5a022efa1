import { expect } from "chai";
import { crc16 } from "./crc16.ts";

describe("crc16", () => {
  it("gives the check value of CRC-16/XMODEM, and Redis Cluster's slots", () => {
    expect(crc16("123456789")).to.equal(0x31c3);
    expect(crc16("foo") % 16_384).to.equal(12_182);
    expect(crc16("")).to.equal(0);
  });

  it("spreads owners over the shards", () => {
    const counts = new Array(64).fill(0);
    for (let user = 0; user < 64_000; user++) counts[crc16(`user:${user}`) % 64]++;
    expect(Math.min(...counts)).to.be.greaterThan(500);
    expect(Math.max(...counts)).to.be.lessThan(1_500);
  });
});
