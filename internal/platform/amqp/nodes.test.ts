import { expect } from "chai";
import { createNodes } from "./nodes.ts";
import { lost } from "./outcome.ts";

const HOSTS = [
  { host: "a", port: 1 },
  { host: "b", port: 2 },
  { host: "c", port: 3 },
];

describe("The hosts of a broker", () => {
  it("are tried in turn, from any of them, and each round of failures is told", () => {
    const nodes = createNodes(HOSTS, () => 0.5);
    const visited = [nodes.current().host];
    const rounds = Array.from({ length: 6 }, () => {
      const over = nodes.next();
      visited.push(nodes.current().host);
      return over;
    });
    expect(visited.join("")).to.equal("bcabcab");
    expect(rounds).to.deep.equal([false, false, true, false, false, true]);
  });

  it("begin a new round when one has done its work", () => {
    const nodes = createNodes(HOSTS, () => 0);
    nodes.next();
    nodes.next();
    nodes.works();
    expect([nodes.next(), nodes.next(), nodes.next()]).to.deep.equal([false, false, true]);
  });

  it("are named in a reason only where there are several", () => {
    expect(createNodes(HOSTS, () => 0).named(lost("gone")).reason).to.equal("a:1: gone");
    expect(createNodes(HOSTS.slice(0, 1)).named(lost("gone")).reason).to.equal("gone");
  });
});
