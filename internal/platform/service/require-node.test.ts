import { readFileSync } from "node:fs";
import { expect } from "chai";
import { nodeFault } from "./require-node.ts";

describe("Node's version", () => {
  it("of today and later is taken", () => {
    for (const version of ["24.18.1", "24.18.10", "24.19.0", "25.0.0", process.versions.node])
      expect(nodeFault(version), version).to.equal(null);
  });

  it("before 24.18.1 is refused in a sentence", () => {
    for (const version of ["24.18.0", "24.9.9", "22.22.5", "20.20.2"])
      expect(nodeFault(version), version).to.match(/^Node 24\.18\.1 or later is needed, not /);
  });

  it("is what package.json demands", () => {
    const { engines } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
    const [, least] = /^>=(.+)$/.exec(engines.node) ?? [];
    expect(nodeFault(least!)).to.equal(null);
    const [major, minor, patch] = least!.split(".").map(Number);
    expect(nodeFault(`${major}.${minor}.${patch! - 1}`)).not.to.equal(null);
  });
});
