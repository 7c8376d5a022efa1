import type { SeenProduct } from "./check/catalog-seen.ts";

/** A product as the API shows it, its members in one order. */
export const seenProduct = ({ id, name, price, stock }: SeenProduct): SeenProduct => ({
  id,
  name,
  price: { amount: price.amount, currency: price.currency },
  stock,
});
