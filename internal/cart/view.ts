import type { CartState, CartView, Line, LineView } from "./cart.ts";
import type { Listing } from "./catalog/catalog.ts";

/**
 * Puts names, prices and availability to a cart's lines. Amounts are whole minor
 * units and stay below 2^53, so sums are exact; a line that would lead beyond
 * (limits were lowered, a price has grown) has no price and is left out by name.
 */
export function viewOf(state: CartState, listings: ReadonlyMap<string, Listing>, currency: string): CartView {
  let amount = 0;
  let oldest = Number.POSITIVE_INFINITY;
  const excludes: string[] = [];
  const items = state.items.map((line): LineView => {
    const listing = listings.get(line.productId);
    const priced = listing === undefined || listing === "gone" ? null : listing;
    const lineAmount = (priced?.price.amount ?? 0) * line.quantity;
    if (priced === null || !Number.isSafeInteger(amount + lineAmount)) {
      excludes.push(line.productId);
      return withoutPrice(line, listing === "gone" ? "gone" : "priceUnknown");
    }
    amount += lineAmount;
    oldest = Math.min(oldest, priced.asOf);
    return {
      productId: line.productId,
      name: priced.name,
      unitPrice: priced.price,
      quantity: line.quantity,
      lineTotal: { amount: lineAmount, currency: priced.price.currency },
      availability: priced.stock < line.quantity ? "outOfStock" : "available",
    };
  });
  return {
    cartId: state.cartId,
    version: state.version,
    items,
    total: { amount, currency, ...(excludes.length > 0 && { excludes }) },
    expiresAt: state.expiresAt,
    pricesAsOf: oldest === Number.POSITIVE_INFINITY ? null : new Date(oldest).toISOString(),
  };
}

function withoutPrice({ productId, quantity }: Line, availability: "gone" | "priceUnknown"): LineView {
  return { productId, name: null, unitPrice: null, quantity, lineTotal: null, availability };
}
