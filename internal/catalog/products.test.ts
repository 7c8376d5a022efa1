import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { loadProducts } from "./products.ts";

describe("A catalog's seed file", () => {
  const dir = mkdtempSync(join(tmpdir(), "catalog-seed-"));
  after(() => rmSync(dir, { recursive: true }));
  const load = (text: string) => {
    const file = join(dir, "seed.json");
    writeFileSync(file, text);
    return loadProducts(file);
  };
  const mug = { id: "mug", name: "Mug", price: { amount: 1, currency: "EUR" }, stock: 1 };

  it("is read in its order", () => {
    const products = load(JSON.stringify([{ ...mug, id: "z" }, mug]));
    expect(products.page(null, 10).items.map(({ id }) => id)).to.deep.equal(["z", "mug"]);
    expect(load("[]").page(null, 10)).to.deep.equal({ items: [], next: null });
  });

  const wrong: [what: string, seed: unknown, message: RegExp][] = [
    ["an id with a colon", [{ ...mug, id: "a:b" }], /must be 1 to 64/],
    ["half a cent", [{ ...mug, price: { amount: 0.5, currency: "EUR" } }], /"amount"/],
    ["a field too many", [{ ...mug, color: "red" }], /color/],
    ["the same id twice", [mug, mug], /"mug\\" is there twice/],
    ["no list", mug, /expected array/],
  ];
  for (const [what, seed, message] of wrong) {
    it(`is refused with ${what}`, () => {
      expect(() => load(JSON.stringify(seed))).to.throw(message);
    });
  }
});
