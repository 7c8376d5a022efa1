import type { CatalogError, Price } from "./catalog.ts";

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

/** A line as a client sees it; name and prices are null for a product the catalog has never named to us. */
export interface LineView extends Line {
  readonly name: string | null;
  readonly unitPrice: Price | null;
  readonly lineTotal: Price | null;
}

/** A cart as a client sees it. */
export interface CartView {
  readonly cartId: string | null;
  readonly version: number;
  readonly items: readonly LineView[];
  /** The sum of the lines that have a price. */
  readonly total: Price;
  readonly expiresAt: string | null;
  /** When the oldest of the prices shown was fetched (ISO 8601); null when a line has no price at all. */
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
  | { readonly code: "VERSION_MISMATCH"; readonly version: number }
  | { readonly code: "IDEMPOTENCY_KEY_REUSED" }
  | { readonly code: "CART_STORE_UNAVAILABLE" };
