import type { Money } from "../../platform/money/money.ts";
import type { Result } from "../../platform/result/result.ts";

/** A product as the catalog describes it. */
export interface Product {
  readonly id: string;
  readonly name: string;
  readonly price: Money;
  readonly stock: number;
}

export type CatalogError =
  | { readonly code: "PRODUCT_NOT_FOUND"; readonly productId: string }
  /**
   * The catalog is away, or, with `productId`, it answers for this product alone with what cannot be used.
   */
  | { readonly code: "CATALOG_UNAVAILABLE"; readonly retryAfterSeconds: number; readonly productId?: string }
  /** The owner has more look-ups under way than one owner may have. */
  | { readonly code: "RATE_LIMITED"; readonly retryAfterSeconds: number };

/** A product as last seen, for showing; `"gone"` once the catalog has said that it does not sell it. */
export type Listing =
  | "gone"
  | {
      readonly name: string;
      readonly price: Money;
      readonly stock: number;
      /** When it was fetched, epoch ms. */
      readonly asOf: number;
    };

/** What the cart needs to know of the catalog. */
export interface Catalog {
  /**
   * The product as the catalog says now, or said at most the cache's TTL ago: what
   * may be accepted rests on it. Stale data never counts. `owner` is who asks: one
   * owner's look-ups are bounded, so that they cannot use up the catalog.
   */
  product(id: string, owner: string): Promise<Result<Product, CatalogError>>;
  /**
   * What the catalog says of these products now, asked for this call and not taken from memory: what an
   * order is charged by. Those that it does not sell are absent. Bounded by owner as {@link product}.
   */
  afresh(
    ids: readonly string[],
    owner: string,
  ): Promise<Result<ReadonlyMap<string, Product>, Exclude<CatalogError, { code: "PRODUCT_NOT_FOUND" }>>>;
  /**
   * Names, prices and stock to show: fresh when possible, stale when the catalog is down. A product
   * never seen is absent, as is one about which the catalog says what cannot be used. Never fails.
   */
  listings(ids: readonly string[]): Promise<ReadonlyMap<string, Listing>>;
}
