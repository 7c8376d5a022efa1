import { readFileSync } from "node:fs";
import { z } from "zod";
import { productId } from "../platform/product/product-id.ts";

const price = z.strictObject({
  amount: z.number().int().min(0).max(1_000_000_000),
  currency: z.string().regex(/^[A-Z]{3}$/, "must be three capital letters"),
});
const name = z.string().min(1).max(300);
const stock = z.number().int().min(0).max(1_000_000_000);

export const productSchema = z.strictObject({ id: productId, name, price, stock });
export const productBody = z.strictObject({ name, price, stock });
export const productPatch = productBody.partial();

export type Product = z.infer<typeof productSchema>;

/** The products on sale, in a fixed order. Held in memory: this is a stand-in for a shop's own catalog. */
export interface Products {
  get(id: string): Product | undefined;
  /** Up to `limit` products after the one with id `after`, in order. */
  page(after: string | null, limit: number): { items: Product[]; next: string | null };
  put(product: Product): void;
  remove(id: string): boolean;
}

const seedSchema = z.array(productSchema).superRefine((seed, context) => {
  const ids = new Set<string>();
  for (const [index, { id }] of seed.entries()) {
    if (ids.has(id))
      context.addIssue({ code: "custom", path: [index, "id"], message: `"${id}" is there twice` });
    ids.add(id);
  }
});

/** Reads a seed file (a JSON array of products); throws with every fault when it is not one. */
export function loadProducts(file: URL | string): Products {
  const seed = seedSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  const products = new Map(seed.map((product) => [product.id, product]));
  return {
    get: (id) => products.get(id),
    page: (after, limit) => {
      const all = [...products.values()];
      const start = after === null ? 0 : all.findIndex((product) => product.id === after) + 1;
      const items = all.slice(start, start + limit);
      return { items, next: start + limit < all.length ? items.at(-1)!.id : null };
    },
    put: (product) => void products.set(product.id, product),
    remove: (id) => products.delete(id),
  };
}
