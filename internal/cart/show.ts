import type { CartState, CartView } from "./cart.ts";
import type { Catalog } from "./catalog/catalog.ts";
import { viewOf } from "./view.ts";

/** A cart with what the catalog says of its products. */
export type ShowCart = (state: CartState) => Promise<CartView>;

/** Asks the catalog only for a cart that holds something; prices are in `currency`. */
export function createShowCart(catalog: Catalog, currency: string): ShowCart {
  return async (state) => {
    if (state.items.length === 0) return viewOf(state, NO_LISTINGS, currency);
    const ids = state.items.map((line) => line.productId);
    return viewOf(state, await catalog.listings(ids), currency);
  };
}

const NO_LISTINGS: Awaited<ReturnType<Catalog["listings"]>> = new Map();
