import { z } from "zod";
import { moneySchema as money } from "../platform/money/money.ts";

/** A cart as clients get it (`CartView`), for the OpenAPI document. */
export const cartSchema = z.object({
  cartId: z.string().nullable().describe("null when the cart is empty"),
  version: z.int().describe("0 when the cart is empty, else 1 and up: one more for each change"),
  items: z.array(
    z.object({
      productId: z.string(),
      name: z
        .string()
        .nullable()
        .describe("null when availability is gone or priceUnknown, as are the prices"),
      unitPrice: money.nullable(),
      quantity: z.int(),
      lineTotal: money.nullable(),
      availability: z
        .enum(["available", "gone", "outOfStock", "priceUnknown"])
        .describe("gone: no longer sold; outOfStock: fewer in stock than the line's quantity"),
    }),
  ),
  total: money
    .extend({
      excludes: z
        .array(z.string())
        .optional()
        .describe("products that have no price; absent when there are none"),
    })
    .describe("the sum of the lines that have a price"),
  expiresAt: z.string().nullable().describe("ISO 8601; slides with every change"),
  pricesAsOf: z.string().nullable().describe("when the oldest price shown was fetched"),
});
