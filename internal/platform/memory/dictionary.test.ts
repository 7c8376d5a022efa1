import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { createDictionary } from "./dictionary.ts";

describe("A dictionary", () => {
  it("keeps, replaces, deletes and counts", () => {
    const numbers = createDictionary<number>();
    numbers.set("one", 1);
    numbers.set("two", 2);
    numbers.set("two", 22);
    expect(numbers.get("two")).to.equal(22);
    expect(numbers.size()).to.equal(2);
    expect(numbers.delete("one")).to.equal(true);
    expect(numbers.delete("one")).to.equal(false);
    expect(numbers.get("one")).to.equal(undefined);
    expect(numbers.entries()).to.deep.equal([["two", 22]]);
    expect(numbers.size()).to.equal(1);
  });

  it("has no entries that nobody put there", () => {
    expect(createDictionary<number>().get("constructor")).to.equal(undefined);
    expect(createDictionary<number>().delete("toString")).to.equal(false);
  });

  it("lets go of what has passed through it at the next minor collection, as a Map does not", function () {
    this.timeout(30_000);
    expect(survivors("dictionary")).to.be.lessThan(survivors("map") / 4);
  });
});

/**
 * Megabytes that outlive minor collections after 100,000
 * short-lived entries went through a container that is old.
 */
function survivors(kind: "dictionary" | "map"): number {
  const script = `
    import { createDictionary } from ${JSON.stringify(fileURLToPath(new URL("./dictionary.ts", import.meta.url)))};
    const entries = ${kind === "map" ? "new Map()" : "createDictionary()"};
    const collect = () => gc({ type: "minor" });
    let n = 0;
    const add = () => entries.set("k" + n, new Array(100).fill(n++));
    for (let i = 0; i < 16; i++) add();
    for (let i = 0; i < 3; i++) collect();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 100_000; i++) {
      add();
      entries.delete("k" + (n - 17));
    }
    collect();
    collect();
    console.log((process.memoryUsage().heapUsed - before) / 2 ** 20);`;
  // No major collections: they end the difference.
  const flags = ["--expose-gc", "--initial-old-space-size=512", "--input-type=module", "-e", script];
  return Number(execFileSync(process.execPath, flags, { encoding: "utf8" }));
}
