import type { Money } from "../platform/money/money.ts";
import type { CatalogError } from "./catalog/catalog.ts";

/** One product in a cart. */
export interface Line {
  readonly productId: string;
  readonly quantity: number;
}

/** A cart as Redis holds it. Empty or absent: version 0, no id, no lines, no expiry. */
export interface CartState {
  readonly cartId: string | null;
  readonly version: number;
  readonly items: readonly Line[];
  /** ISO 8601. */
  readonly expiresAt: string | null;
}

/**
 * Whether a line can be bought as it stands: the catalog no longer sells it,
 * has less than the line's quantity, or could not be asked for its price.
 */
export type Availability = "available" | "gone" | "outOfStock" | "priceUnknown";

/** A line as a client sees it; name and prices are null when `availability` is `gone` or `priceUnknown`. */
export interface LineView extends Line {
  readonly name: string | null;
  readonly unitPrice: Money | null;
  readonly lineTotal: Money | null;
  readonly availability: Availability;
}

/** The sum of the lines that have a price. */
export interface Total extends Money {
  /** The products of the lines that have none; absent when the total is of the whole cart. */
  readonly excludes?: readonly string[];
}

/** A cart as a client sees it. */
export interface CartView {
  readonly cartId: string | null;
  readonly version: number;
  readonly items: readonly LineView[];
  readonly total: Total;
  readonly expiresAt: string | null;
  /** When the oldest of the prices shown was fetched (ISO 8601); null when no line has a price. */
  readonly pricesAsOf: string | null;
}

/** Whether the event of a change has reached the SQL outbox, or waits staged in Redis. */
export type OutboxState = "committed" | "staged";

/** What a client can be told when a cart operation is refused. */
export type CartError =
  | CatalogError
  | { readonly code: "OUT_OF_STOCK"; readonly stock: number; readonly held: number }
  | { readonly code: "QUANTITY_LIMIT"; readonly limit: number; readonly held: number }
  | { readonly code: "LINE_LIMIT"; readonly limit: number }
  /** `isUnwanted` where If-None-Match names it. */
  | { readonly code: "VERSION_MISMATCH"; readonly version: number; readonly isUnwanted?: boolean }
  | { readonly code: "IDEMPOTENCY_KEY_REUSED" }
  /** Nothing was done: the caller's deadline had passed before the change was begun. */
  | { readonly code: "DEADLINE_PASSED" }
  | { readonly code: "CART_STORE_FULL" }
  /** `lasting`: this cart's data, or the service's rights, keep it so until somebody mends them. */
  | { readonly code: "CART_STORE_UNAVAILABLE"; readonly lasting?: true };
