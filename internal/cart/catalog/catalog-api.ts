import { z } from "zod";
import { err, ok, type Result } from "../../platform/result/result.ts";
import type { Product } from "./catalog.ts";

/** The most products a catalog is asked for at once. */
export const MOST_IDS = 100;

/** One product as the catalog described it, or what is wrong with the description. */
export type Description = Result<Product, string>;

/** The largest price in minor units; with the limits of a cart it keeps totals exact (below 2^53). */
const MOST_PRICE = 1_000_000_000;

/**
 * Reads what a catalog answers. An answer that is no product at all is nonsense and throws; a description of
 * another product, or one that cannot be used (another currency, half a cent), is the fault of that product
 * alone. Further fields are ignored. A negative stock (sold twice elsewhere) is none.
 */
export function createCatalogReader(currency: string) {
  const product = z.object({
    id: z.string().min(1).max(64),
    name: z.string().min(1).max(300),
    price: z.object({ amount: z.number().int().min(0).max(MOST_PRICE), currency: z.literal(currency) }),
    stock: z
      .number()
      .int()
      .transform((stock) => Math.max(0, stock)),
  });
  const identified = z.looseObject({ id: z.string() });
  const list = z.object({ items: z.array(identified).max(MOST_IDS) });

  function describe(record: unknown): Description {
    const parsed = product.safeParse(record);
    return parsed.success ? ok(parsed.data) : err(firstIssue(parsed.error));
  }

  function parse<T>(schema: z.ZodType<T>, answer: unknown): T {
    const parsed = schema.safeParse(answer);
    if (parsed.success) return parsed.data;
    throw new Error(`the catalog answered nonsense: ${firstIssue(parsed.error)}`);
  }

  return {
    /** The answer to a look-up of `id`. */
    product(id: string, answer: unknown): Description {
      return parse(identified, answer).id === id
        ? describe(answer)
        : err("id: is another product's than was asked for");
    },
    /** The answer to a look-up of `ids`, by id; unknown ones are absent. */
    products(ids: readonly string[], answer: unknown): ReadonlyMap<string, Description> {
      const asked = new Set(ids);
      const descriptions = new Map<string, Description>();
      for (const item of parse(list, answer).items) {
        if (!asked.delete(item.id)) throw new Error("the catalog answered a product that was not asked for");
        descriptions.set(item.id, describe(item));
      }
      return descriptions;
    },
  };
}

/** Short on purpose: an answer may have a fault in every field of a hundred products. */
function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  return `${issue?.path.join(".") || "answer"}: ${issue?.message}`;
}
