import { z } from "zod";

const PRODUCT_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** What an id that is none is told. */
export const PRODUCT_ID_RULE = "must be 1 to 64 of the characters A-Z a-z 0-9 . _ -";

export const isProductId = (value: unknown): value is string =>
  typeof value === "string" && PRODUCT_ID.test(value);

/** A product's id as every part takes it. */
export const productId = z
  .string({ error: (issue) => (issue.input === undefined ? "is required" : "must be a string") })
  .regex(PRODUCT_ID, PRODUCT_ID_RULE);
