import { z } from "zod";
import { moneySchema } from "../platform/money/money.ts";
import { lineTotal, type Order, TRANSITIONS } from "./order.ts";

/** An order as clients get it, and as its events carry it. */
export const orderSchema = z.object({
  id: z.string(),
  status: z.enum(Object.keys(TRANSITIONS)),
  version: z.int().describe("1 when placed, one more with each change of the status"),
  placedAt: z.string().describe("ISO 8601"),
  items: z
    .array(
      z.object({
        productId: z.string(),
        name: z.string(),
        unitPrice: moneySchema.describe("as charged"),
        quantity: z.int(),
        lineTotal: moneySchema,
      }),
    )
    .describe("as bought; later changes of the catalog do not show here"),
  total: moneySchema,
  currency: z.string().describe("ISO 4217"),
});

export type OrderView = z.infer<typeof orderSchema>;

/** With its line totals, `placedAt` in UTC, and without owner, ordinal, cart and the prices agreed to. */
export function orderView(order: Order): OrderView {
  return {
    id: order.id,
    status: order.status,
    version: order.version,
    placedAt: new Date(order.placedAt).toISOString(),
    items: order.lines.map((line) => ({
      productId: line.productId,
      name: line.name,
      unitPrice: line.unitPrice,
      quantity: line.quantity,
      lineTotal: lineTotal(line),
    })),
    total: order.total,
    currency: order.total.currency,
  };
}
