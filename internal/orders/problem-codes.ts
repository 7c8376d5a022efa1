import type { CodeOf, HttpCode, ProblemCatalogue } from "../platform/problem/catalogue.ts";
import type { CheckoutError, OrderError } from "./errors.ts";

/** What orders and the checkout answer, besides what every HTTP server has. */
export const ORDER_PROBLEMS = {
  UNAUTHENTICATED: { status: 401, title: "A valid access token is needed" },
  ORDER_NOT_FOUND: { status: 404, title: "No such order" },
  CART_CHANGED: { status: 409, title: "The cart is not what was agreed to" },
  CART_EMPTY: { status: 409, title: "The cart is empty" },
  CHECKOUT_IN_PROGRESS: { status: 409, title: "The cart is being checked out", retryAfter: true },
  ORDER_STATE: { status: 409, title: "The order's status does not allow this" },
  ORDER_TOO_LARGE: { status: 409, title: "The order's total is too large" },
  OUT_OF_STOCK: { status: 409, title: "Not enough stock" },
  PRICE_CHANGED: { status: 409, title: "A price has risen" },
  IDEMPOTENCY_KEY_REUSED: { status: 422, title: "The idempotency key belongs to another request" },
  RATE_LIMITED: { status: 429, title: "Too many requests", retryAfter: true },
  CART_STORE_FULL: { status: 503, title: "The cart store is full", retryAfter: true },
  CART_STORE_UNAVAILABLE: { status: 503, title: "The cart store is unavailable", retryAfter: true },
  CATALOG_UNAVAILABLE: { status: 503, title: "The catalog is unavailable", retryAfter: true },
  DEADLINE_PASSED: { status: 503, title: "The request's deadline has passed", retryAfter: true },
  ORDER_STORE_UNAVAILABLE: { status: 503, title: "The order store is unavailable", retryAfter: true },
} as const satisfies ProblemCatalogue & Record<(OrderError | CheckoutError)["code"], unknown>;

export type OrderCode = CodeOf<typeof ORDER_PROBLEMS> | HttpCode;
