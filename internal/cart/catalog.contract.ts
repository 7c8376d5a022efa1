import { expect } from "chai";
import { eventually } from "../testkit/eventually.ts";
import type { Catalog, Product } from "./catalog.ts";

/** A catalog under test and the hand on what stands behind it. */
export interface CatalogBench {
  readonly catalog: Catalog;
  put(product: Product): void;
  remove(id: string): void;
  goDown(): void;
  comeBack(): void;
  close(): Promise<void>;
}

export function aProduct(fields: Partial<Product> = {}): Product {
  return { id: "mug", name: "Mug", price: { amount: 1290, currency: "EUR" }, stock: 7, ...fields };
}

/** What every Catalog must do. `factory` makes one over a catalog without products, with a cache that lasts or without. */
export function describeCatalog(
  name: string,
  factory: (options: { caching: boolean }) => Promise<CatalogBench>,
): void {
  describe(`${name}, as a Catalog`, () => {
    let bench: CatalogBench;
    const start = async (options: { caching: boolean }) => {
      bench = await factory(options);
      return bench.catalog;
    };
    afterEach(() => bench.close());

    it("finds a product, and says which one it does not find", async () => {
      const catalog = await start({ caching: true });
      bench.put(aProduct());
      expect(await catalog.product("mug")).to.deep.equal({ ok: true, value: aProduct() });
      expect(await catalog.product("gone")).to.deep.equal({
        ok: false,
        error: { code: "PRODUCT_NOT_FOUND", productId: "gone" },
      });
    });

    for (const id of [".", "..", "-", "a..b", "x".repeat(64)]) {
      it(`finds a product with the id ${id.slice(0, 5)}`, async () => {
        const catalog = await start({ caching: true });
        expect(await catalog.product(id)).to.have.nested.property("error.code", "PRODUCT_NOT_FOUND");
        bench.put(aProduct({ id }));
        expect(await catalog.product(id)).to.deep.equal({ ok: true, value: aProduct({ id }) });
      });
    }

    it("lists what is known, with the time, and leaves out what is not", async () => {
      const catalog = await start({ caching: false });
      bench.put(aProduct());
      const before = Date.now();
      const listings = await catalog.listings(["gone", "mug", "mug"]);
      expect([...listings.keys()]).to.deep.equal(["mug"]);
      const { asOf, ...listing } = listings.get("mug")!;
      expect(listing).to.deep.equal({ name: "Mug", price: { amount: 1290, currency: "EUR" } });
      expect(asOf).to.be.within(before - 1, Date.now() + 1);
      expect((await catalog.listings([])).size).to.equal(0);
    });

    it("answers from the cache what it was told lately, also while the catalog is down", async () => {
      const catalog = await start({ caching: true });
      bench.put(aProduct());
      bench.put(aProduct({ id: "pot" }));
      expect(catalog.cachedProduct("mug")).to.equal(null);
      expect(catalog.cachedListings(["mug"])).to.equal(null);
      await catalog.product("mug");
      bench.goDown();
      expect(catalog.cachedProduct("mug")).to.deep.equal(aProduct());
      expect(await catalog.product("mug")).to.deep.equal({ ok: true, value: aProduct() });
      expect(catalog.cachedListings(["mug", "pot"]), "one of them was never asked for").to.equal(null);
      expect(catalog.cachedListings(["mug"])).to.deep.equal(await catalog.listings(["mug"]));
      expect(catalog.cachedListings([])?.size).to.equal(0);
    });

    it("never lets stale data decide", async () => {
      const catalog = await start({ caching: false });
      bench.put(aProduct());
      await catalog.product("mug");
      expect(catalog.cachedProduct("mug")).to.equal(null);
      expect(catalog.cachedListings(["mug"])).to.equal(null);
      bench.put(aProduct({ stock: 1 }));
      expect(await catalog.product("mug")).to.have.nested.property("value.stock", 1);
      bench.remove("mug");
      expect(await catalog.product("mug")).to.have.nested.property("error.code", "PRODUCT_NOT_FOUND");
      bench.goDown();
      const refused = await catalog.product("mug");
      expect(refused).to.have.nested.property("error.code", "CATALOG_UNAVAILABLE");
      expect(refused).to.have.nested.property("error.retryAfterSeconds").that.is.at.least(1);
    });

    it("shows stale listings, with their time, while the catalog is down, and new ones once it is back", async () => {
      const catalog = await start({ caching: false });
      bench.put(aProduct());
      const seen = await catalog.listings(["mug"]);
      bench.goDown();
      bench.put(aProduct({ name: "Cup" }));
      expect(await catalog.listings(["mug", "never-seen"])).to.deep.equal(seen);
      bench.comeBack();
      await eventually(
        "the new name",
        async () => (await catalog.listings(["mug"])).get("mug")?.name === "Cup",
      );
      await eventually("a look-up", async () => (await catalog.product("mug")).ok);
    });
  });
}
