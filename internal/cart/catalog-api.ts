import { z } from "zod";
import type { Product } from "./catalog.ts";

/** What a catalog must answer to be believed; anything else is as good as no answer. Further fields are ignored. */
export function catalogSchemas(currency: string) {
  const product = z.object({
    id: z.string().min(1).max(64),
    name: z.string().min(1).max(300),
    price: z.object({ amount: z.number().int().min(0).max(1_000_000_000), currency: z.literal(currency) }),
    stock: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  });
  return { product, products: z.object({ items: z.array(product).max(1_000) }) } satisfies Record<
    string,
    z.ZodType<Product | { items: Product[] }>
  >;
}
