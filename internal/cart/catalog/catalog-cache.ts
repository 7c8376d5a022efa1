import { LRUCache } from "lru-cache";
import type { Listing, Product } from "./catalog.ts";

/**
 * How long (ms) an id stays unsold at most, however long
 * products stay fresh: a new product shows within that time.
 */
const MOST_UNSOLD_MS = 1_000;

/** A product as last seen, or that the catalog does not sell it. */
export interface Sighting {
  /** Null once the catalog has said that it does not sell it. */
  readonly product: Product | null;
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
  /** Keeps that the catalog does not sell `id`. */
  rememberUnsold(id: string, askedAt: number): void;
  forget(id: string): void;
}

/**
 * At most `maxEntries` products, the least recently used going first, and beside them as many unsold
 * ids, so that made-up ids push no product out. Times in ms; a `cacheTtlMs` of 0 is never fresh.
 */
export function createProductCache(options: {
  cacheTtlMs: number;
  staleTtlMs: number;
  maxEntries: number;
}): ProductCache {
  const { cacheTtlMs, staleTtlMs, maxEntries } = options;
  const limits = { max: maxEntries, ttl: Math.max(staleTtlMs, cacheTtlMs, 1) };
  const sold = new LRUCache<string, Sighting>(limits);
  const unsold = new LRUCache<string, Sighting>(limits);
  const unsoldTtlMs = Math.min(cacheTtlMs, MOST_UNSOLD_MS);
  const seen = (id: string) => sold.get(id) ?? unsold.get(id);
  return {
    fresh: (id) => {
      const entry = seen(id);
      return entry && performance.now() < entry.freshUntil ? entry : undefined;
    },
    seen,
    remember: (product, askedAt) => {
      // Freshness goes by the monotonic clock: the wall
      // clock may be set back, and old stock would count as fresh.
      const asOf = Math.round(Date.now() - (performance.now() - askedAt));
      const { name, price, stock } = product;
      sold.set(product.id, {
        product,
        listing: { name, price, stock, asOf },
        freshUntil: askedAt + cacheTtlMs,
      });
      unsold.delete(product.id);
    },
    rememberUnsold: (id, askedAt) => {
      sold.delete(id);
      unsold.set(id, { product: null, listing: "gone", freshUntil: askedAt + unsoldTtlMs });
    },
    forget: (id) => {
      sold.delete(id);
      unsold.delete(id);
    },
  };
}
