import type { CartState, CartView, LineView } from "./cart.ts";
import type { Listing, Price } from "./catalog.ts";

/** Puts names and prices to a cart's lines. Amounts are whole minor units, so sums are exact. */
export function viewOf(state: CartState, listings: ReadonlyMap<string, Listing>, currency: string): CartView {
  let amount = 0;
  let oldest = Number.POSITIVE_INFINITY;
  const items = state.items.map(({ productId, quantity }): LineView => {
    const listing = listings.get(productId);
    if (!listing) return { productId, name: null, unitPrice: null, quantity, lineTotal: null };
    const lineTotal: Price = { amount: listing.price.amount * quantity, currency: listing.price.currency };
    amount += lineTotal.amount;
    oldest = Math.min(oldest, listing.asOf);
    return { productId, name: listing.name, unitPrice: listing.price, quantity, lineTotal };
  });
  return {
    cartId: state.cartId,
    version: state.version,
    items,
    total: { amount, currency },
    expiresAt: state.expiresAt,
    pricesAsOf: oldest === Number.POSITIVE_INFINITY ? null : new Date(oldest).toISOString(),
  };
}
