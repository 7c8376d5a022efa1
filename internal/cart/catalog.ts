import type { Result } from "../platform/result/result.ts";

export interface Price {
  /** Whole minor units of the currency, such as cents. */
  readonly amount: number;
  /** ISO 4217. */
  readonly currency: string;
}

/** A product as the catalog describes it. */
export interface Product {
  readonly id: string;
  readonly name: string;
  readonly price: Price;
  readonly stock: number;
}

export type CatalogError =
  | { readonly code: "PRODUCT_NOT_FOUND"; readonly productId: string }
  | { readonly code: "CATALOG_UNAVAILABLE"; readonly retryAfterSeconds: number };

/** A product as last seen, for showing. */
export interface Listing {
  readonly name: string;
  readonly price: Price;
  /** When it was fetched, epoch ms. */
  readonly asOf: number;
}

/** What the cart needs to know of the catalog. */
export interface Catalog {
  /** The product as the catalog says now, or said at most the cache's TTL ago: what may be accepted rests on it. Stale data never counts. */
  product(id: string): Promise<Result<Product, CatalogError>>;
  /** Names and prices to show: fresh when possible, stale when the catalog is down; a product never seen is absent. Never fails. */
  listings(ids: readonly string[]): Promise<ReadonlyMap<string, Listing>>;
  /** {@link product} from the fresh cache alone, or null. */
  cachedProduct(id: string): Product | null;
  /** {@link listings} from the fresh cache alone, or null when any of `ids` needs a look-up. */
  cachedListings(ids: readonly string[]): ReadonlyMap<string, Listing> | null;
}
