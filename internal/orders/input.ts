import { z } from "zod";
import { productId } from "../platform/product/product-id.ts";

const wholeNumber = (least: number, most: number) =>
  z
    .number({ error: "must be a whole number" })
    .int("must be a whole number")
    .min(least, `must be at least ${least}`)
    .max(most, `must be at most ${most}`);

const money = z.strictObject(
  {
    amount: wholeNumber(0, Number.MAX_SAFE_INTEGER).describe("whole minor units"),
    currency: z
      .string({ error: "must be a currency of three capital letters" })
      .regex(/^[A-Z]{3}$/, "must be a currency of three capital letters"),
  },
  { error: "must be the price that the shopper has agreed to" },
);

/** What a shopper agrees to. Lines may be those of the cart as it is shown: further fields are ignored. */
export const checkoutBody = z.strictObject(
  {
    items: z
      .array(
        z.object(
          { productId, quantity: wholeNumber(1, 1_000_000), unitPrice: money },
          { error: "must be an object" },
        ),
        { error: "must be a list of what the shopper agrees to" },
      )
      .max(500, "must have at most 500 lines"),
  },
  { error: "must be a JSON object" },
);

/** What `GET /orders` may be asked for. */
export const pageQuery = z.strictObject({
  limit: z
    .string()
    .regex(/^([1-9]\d?|100)$/, "must be a whole number from 1 to 100")
    .transform(Number)
    .optional()
    .describe("how many orders at most, 20 unless told"),
  cursor: z.string().max(64).optional().describe("the nextCursor of the page before"),
});
