import { z } from "zod";
import type { Line } from "../cart.ts";

/** What becomes of a product that both carts have. */
export const STRATEGIES = ["max", "sum", "keep-user", "keep-guest"] as const;
export type MergeStrategy = (typeof STRATEGIES)[number];

/** A line of a guest's cart with what the catalog has of it, when it sells it. */
const line = z.object({
  productId: z.string(),
  quantity: z.int(),
  /** Absent when the catalog no longer sells the product. */
  stock: z.int().optional(),
});

/**
 * A guest's cart on its way to a user, with all that decides what becomes of it: whoever finishes it, and
 * whenever, it ends the same. Kept in Redis as JSON, and read by other releases too: fields are only added.
 */
export const transferSchema = z.object({
  guest: z.string(),
  user: z.string(),
  cartId: z.string(),
  version: z.int(),
  strategy: z.enum(STRATEGIES),
  lines: z.array(line),
  maxLines: z.int(),
  maxQuantity: z.int(),
  ttlMs: z.int(),
  graceMs: z.int(),
  idempotencyKey: z.string().nullable(),
  traceparent: z.string().nullable(),
});

export type Transfer = z.infer<typeof transferSchema>;

/** `merged`: as the strategy says; `kept`: the user's quantity stays; `capped`: less; `dropped`: nothing. */
export const LINE_OUTCOMES = ["merged", "kept", "capped", "dropped"] as const;
/** Why a line is less than the strategy would make it. */
export const LINE_REASONS = ["QUANTITY_LIMIT", "LINE_LIMIT", "OUT_OF_STOCK", "PRODUCT_NOT_FOUND"] as const;

/** What became of one product of either cart. */
export interface MergedLine {
  readonly productId: string;
  readonly outcome: (typeof LINE_OUTCOMES)[number];
  /** What the guest's cart had, what the user's had, and what the user's has now. */
  readonly guestQuantity: number;
  readonly userQuantity: number;
  readonly quantity: number;
  /** Absent for `merged` and `kept`. */
  readonly reason?: (typeof LINE_REASONS)[number];
}

/** The report of the guest's lines, and the user's others, which a merge leaves alone. */
export function wholeReport(guests: readonly MergedLine[], items: readonly Line[]): MergedLine[] {
  const told = new Set(guests.map(({ productId }) => productId));
  const others = items.filter(({ productId }) => !told.has(productId));
  return [
    ...guests,
    ...others.map(
      ({ productId, quantity }): MergedLine => ({
        productId,
        outcome: "kept",
        guestQuantity: 0,
        userQuantity: quantity,
        quantity,
      }),
    ),
  ];
}
