import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import type { Catalog, Listing, Product } from "./catalog.ts";

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

/**
 * What every Catalog must do. `factory` makes one over a catalog
 * without products, with a cache that lasts or without.
 */
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
      expect(await catalog.product("mug", "guest:a")).to.deep.equal({ ok: true, value: aProduct() });
      expect(await catalog.product("gone", "guest:a")).to.deep.equal({
        ok: false,
        error: { code: "PRODUCT_NOT_FOUND", productId: "gone" },
      });
    });

    for (const id of [".", "..", "-", "a..b", "x".repeat(64)]) {
      it(`finds a product with the id ${id.slice(0, 5)}`, async () => {
        const catalog = await start({ caching: true });
        bench.put(aProduct({ id }));
        expect(await catalog.product(id, "guest:a")).to.deep.equal({ ok: true, value: aProduct({ id }) });
      });
    }

    it("lists what is known, with the time, and what is not sold as gone", async () => {
      const catalog = await start({ caching: false });
      bench.put(aProduct());
      const before = Date.now();
      const listings = await catalog.listings(["gone", "mug", "mug"]);
      expect([...listings.keys()]).to.have.members(["gone", "mug"]);
      expect(listings.get("gone")).to.equal("gone");
      const { asOf, ...listing } = listings.get("mug") as Exclude<Listing, "gone">;
      expect(listing).to.deep.equal({ name: "Mug", price: { amount: 1290, currency: "EUR" }, stock: 7 });
      expect(asOf).to.be.within(before - 1, Date.now() + 1);
      expect((await catalog.listings([])).size).to.equal(0);
    });

    it("answers from the cache what it was told lately, also while the catalog is down", async () => {
      const catalog = await start({ caching: true });
      bench.put(aProduct());
      bench.put(aProduct({ id: "pot" }));
      await catalog.product("mug", "guest:a");
      bench.goDown();
      expect(await catalog.product("mug", "guest:a")).to.deep.equal({ ok: true, value: aProduct() });
    });

    it("says of a product that is no longer sold that it is gone, whether or not it knew the price", async () => {
      const catalog = await start({ caching: false });
      bench.put(aProduct());
      await catalog.listings(["mug"]);
      bench.remove("mug");
      expect((await catalog.listings(["mug"])).get("mug")).to.equal("gone");
      bench.goDown();
      expect((await catalog.listings(["mug"])).get("mug"), "what was said last").to.equal("gone");
    });

    it("never lets stale data decide", async () => {
      const catalog = await start({ caching: false });
      bench.put(aProduct());
      await catalog.product("mug", "guest:a");
      bench.put(aProduct({ stock: 1 }));
      expect(await catalog.product("mug", "guest:a")).to.have.nested.property("value.stock", 1);
      bench.remove("mug");
      expect(await catalog.product("mug", "guest:a")).to.have.nested.property(
        "error.code",
        "PRODUCT_NOT_FOUND",
      );
      bench.goDown();
      const refused = await catalog.product("mug", "guest:a");
      expect(refused).to.have.nested.property("error.code", "CATALOG_UNAVAILABLE");
      expect(refused).to.have.nested.property("error.retryAfterSeconds").that.is.at.least(1);
    });

    it("says of many products afresh what is so now, and leaves out what it does not sell", async () => {
      const catalog = await start({ caching: true });
      bench.put(aProduct());
      await catalog.product("mug", "guest:a");
      bench.put(aProduct({ stock: 1 }));
      const said = await catalog.afresh(["mug", "never-seen", "mug"], "guest:a");
      expect(said.ok && [...said.value]).to.deep.equal([["mug", aProduct({ stock: 1 })]]);
      bench.goDown();
      expect(await catalog.afresh(["mug"], "guest:a")).to.have.nested.property(
        "error.code",
        "CATALOG_UNAVAILABLE",
      );
    });

    it("shows stale listings, with their time, while the catalog is down, and new ones once it is back", async () => {
      const catalog = await start({ caching: false });
      bench.put(aProduct());
      const seen = await catalog.listings(["mug"]);
      bench.goDown();
      bench.put(aProduct({ name: "Cup" }));
      expect(await catalog.listings(["mug", "never-seen"])).to.deep.equal(seen);
      bench.comeBack();
      await eventually("the new name", async () => nameIn(await catalog.listings(["mug"]), "mug") === "Cup");
      await eventually("a look-up", async () => (await catalog.product("mug", "guest:a")).ok);
    });
  });
}

/** The name in a listing; undefined when there is none. */
export function nameIn(listings: ReadonlyMap<string, Listing>, id: string): string | undefined {
  const listing = listings.get(id);
  return listing === undefined || listing === "gone" ? undefined : listing.name;
}
