import { expect } from "chai";
import { familySeconds, parseStat, processTimes } from "./process-tree.ts";

describe("A process' time", () => {
  const stat = (command: string) =>
    `4711 (${command}) S 17 4711 4711 0 -1 4194560 900 800 0 0 250 50 120 30 20 0 11 0 5000 1000 200`;

  it("is its own and that of its ended children, in s", () => {
    expect(parseStat(stat("node"))).to.deep.equal({ parent: 17, seconds: 4.5 });
  });

  it("is found behind a command that has spaces and brackets", () => {
    expect(parseStat(stat("tmux: (server) 1)"))).to.deep.equal({ parent: 17, seconds: 4.5 });
  });

  it("of a family is that of all below it, and of no other", () => {
    const times = new Map([
      [1, { parent: 0, seconds: 100 }],
      [2, { parent: 1, seconds: 10 }],
      [3, { parent: 2, seconds: 1 }],
      [4, { parent: 1, seconds: 50 }],
    ]);
    expect(familySeconds(2, times)).to.equal(11);
    expect(familySeconds(9, times)).to.equal(0);
  });

  it("is read of what runs", () => {
    expect(processTimes().get(process.pid)).to.deep.include({ parent: process.ppid });
    expect(familySeconds(process.pid)).to.be.greaterThan(0);
  });
});
