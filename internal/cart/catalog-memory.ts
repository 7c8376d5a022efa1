import { err, ok } from "../platform/result/result.ts";
import type { Catalog, Listing, Product } from "./catalog.ts";

/** A catalog in memory, for tests of what needs one. */
export interface MemoryCatalog extends Catalog {
  /** From now on the catalog is down, or up again; what it said before stays in the cache. */
  setUnavailable(unavailable: boolean): void;
  put(product: Product): void;
  remove(id: string): void;
}

/** Sells `products`. What was asked once stays fresh for ever; with `caching` false it is stale at once. */
export function createMemoryCatalog(products: readonly Product[], { caching = true } = {}): MemoryCatalog {
  const sold = new Map(products.map((product) => [product.id, product]));
  const seen = new Map<string, { product: Product; listing: Listing }>();
  let down = false;

  function ask(id: string): Product | undefined {
    const product = sold.get(id);
    if (product)
      seen.set(id, { product, listing: { name: product.name, price: product.price, asOf: Date.now() } });
    return product;
  }

  const fresh = (id: string) => (caching ? seen.get(id) : undefined);

  return {
    product: async (id) => {
      const cached = fresh(id);
      if (cached) return ok(cached.product);
      if (down) return err({ code: "CATALOG_UNAVAILABLE", retryAfterSeconds: 1 });
      const product = ask(id);
      return product ? ok(product) : err({ code: "PRODUCT_NOT_FOUND", productId: id });
    },
    listings: async (ids) => {
      if (!down) for (const id of ids) if (!fresh(id)) ask(id);
      const listings = new Map<string, Listing>();
      for (const id of ids) {
        const sighting = seen.get(id);
        if (sighting) listings.set(id, sighting.listing);
      }
      return listings;
    },
    cachedProduct: (id) => fresh(id)?.product ?? null,
    cachedListings: (ids) => {
      const listings = new Map<string, Listing>();
      for (const id of ids) {
        const sighting = fresh(id);
        if (!sighting) return null;
        listings.set(id, sighting.listing);
      }
      return listings;
    },
    setUnavailable: (unavailable) => {
      down = unavailable;
    },
    put: (product) => void sold.set(product.id, product),
    remove: (id) => void sold.delete(id),
  };
}
