import type { CodeOf, HttpCode, ProblemCatalogue } from "../platform/problem/catalogue.ts";
import type { CartError } from "./cart.ts";

/** What the cart answers, besides what every HTTP server has. */
export const CART_PROBLEMS = {
  UNAUTHENTICATED: { status: 401, title: "A valid access token is needed" },
  FORBIDDEN: { status: 403, title: "Not allowed to this kind of user" },
  PRODUCT_NOT_FOUND: { status: 404, title: "The product is not sold" },
  OUT_OF_STOCK: { status: 409, title: "Not enough stock" },
  QUANTITY_LIMIT: { status: 409, title: "Too many of one product" },
  LINE_LIMIT: { status: 409, title: "Too many different products" },
  MERGE_CONFLICT: { status: 409, title: "A cart of the merge is in use", retryAfter: true },
  VERSION_MISMATCH: { status: 412, title: "The cart has changed" },
  IDEMPOTENCY_KEY_REUSED: { status: 422, title: "The idempotency key belongs to another request" },
  RATE_LIMITED: { status: 429, title: "Too many requests", retryAfter: true },
  CART_STORE_FULL: { status: 503, title: "The cart store is full", retryAfter: true },
  CART_STORE_UNAVAILABLE: { status: 503, title: "The cart store is unavailable", retryAfter: true },
  CATALOG_UNAVAILABLE: { status: 503, title: "The catalog is unavailable", retryAfter: true },
  DEADLINE_PASSED: { status: 503, title: "The request's deadline has passed", retryAfter: true },
} as const satisfies ProblemCatalogue & Record<CartError["code"], unknown>;

export type CartCode = CodeOf<typeof CART_PROBLEMS> | HttpCode;
