import { err, ok } from "../../platform/result/result.ts";
import type { Catalog, Listing, Product } from "./catalog.ts";
import { createProductCache } from "./catalog-cache.ts";

/** A catalog in memory, for tests of what needs one. */
export interface MemoryCatalog extends Catalog {
  /** From now on the catalog is down, or up again; what it said before stays in the cache. */
  setUnavailable(unavailable: boolean): void;
  put(product: Product): void;
  remove(id: string): void;
}

/**
 * Sells `products`. What was asked once stays fresh for an hour; with `caching` false it is stale at once.
 */
export function createMemoryCatalog(products: readonly Product[], { caching = true } = {}): MemoryCatalog {
  const sold = new Map(products.map((product) => [product.id, product]));
  const cache = createProductCache({
    cacheTtlMs: caching ? 3_600_000 : 0,
    staleTtlMs: 3_600_000,
    maxEntries: 1_000,
  });
  let down = false;

  function ask(id: string): void {
    const product = sold.get(id);
    if (product) cache.remember(product, performance.now());
    else cache.rememberUnsold(id, performance.now());
  }

  return {
    product: async (id) => {
      const known = cache.fresh(id);
      if (!known && down) return err({ code: "CATALOG_UNAVAILABLE", retryAfterSeconds: 1 });
      if (!known) ask(id);
      const product = cache.seen(id)?.product;
      return product ? ok(product) : err({ code: "PRODUCT_NOT_FOUND", productId: id });
    },
    afresh: async (ids) => {
      if (down) return err({ code: "CATALOG_UNAVAILABLE", retryAfterSeconds: 1 });
      for (const id of ids) ask(id);
      return ok(new Map(ids.flatMap((id) => (sold.has(id) ? [[id, sold.get(id)!] as const] : []))));
    },
    listings: async (ids) => {
      if (!down) for (const id of ids) if (!cache.fresh(id)) ask(id);
      const listings = new Map<string, Listing>();
      for (const id of ids) {
        const sighting = cache.seen(id);
        if (sighting) listings.set(id, sighting.listing);
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
