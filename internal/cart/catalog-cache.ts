import { LRUCache } from "lru-cache";
import type { Listing, Product } from "./catalog.ts";

/** A product as last seen. */
export interface Sighting {
  readonly product: Product;
  readonly listing: Listing;
  /** By the monotonic clock, ms. */
  readonly freshUntil: number;
}

/** What the catalog said lately (fresh), and what it last said (for views). */
export interface ProductCache {
  /** Only what was said within the TTL, counted from when it was asked. */
  fresh(id: string): Sighting | undefined;
  /** However old, within what is kept. */
  seen(id: string): Sighting | undefined;
  /** Keeps a product that was asked for at `askedAt` (performance.now()). */
  remember(product: Product, askedAt: number): void;
}

/** At most `maxEntries` products, the least recently used going first. Times in ms; a `cacheTtlMs` of 0 is never fresh. */
export function createProductCache(options: {
  cacheTtlMs: number;
  staleTtlMs: number;
  maxEntries: number;
}): ProductCache {
  const { cacheTtlMs, staleTtlMs, maxEntries } = options;
  const entries = new LRUCache<string, Sighting>({
    max: maxEntries,
    ttl: Math.max(staleTtlMs, cacheTtlMs, 1),
  });
  return {
    fresh: (id) => {
      const entry = entries.get(id);
      return entry && performance.now() < entry.freshUntil ? entry : undefined;
    },
    seen: (id) => entries.get(id),
    remember: (product, askedAt) => {
      // Freshness goes by the monotonic clock: a wall clock set back would make yesterday's stock fresh again.
      const asOf = Math.round(Date.now() - (performance.now() - askedAt));
      const listing = { name: product.name, price: product.price, asOf };
      entries.set(product.id, { product, listing, freshUntil: askedAt + cacheTtlMs });
    },
  };
}
