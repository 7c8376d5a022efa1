import { DEADLINE_PASSED } from "../platform/http/deadline.ts";
import { refuseWith } from "../platform/http/refuse.ts";
import type { Problem } from "../platform/problem/problem.ts";
import type { CheckoutError, OrderError } from "./errors.ts";
import type { OrderCode } from "./problem-codes.ts";

export const refuse = refuseWith<OrderCode>();

const SOON = { "retry-after": "1" };

const DIFFERENCES = {
  CART_CHANGED: "The cart is not what was agreed to; show it again, and check out what it holds.",
  PRICE_CHANGED:
    "Prices have risen since they were shown; show them again, and ask whether they are agreed to.",
  OUT_OF_STOCK: "The catalog has less in stock than the cart holds; lower the quantities.",
} as const;

/** How a refused call is told to a client. */
export function problemOf(error: OrderError | CheckoutError): Problem<OrderCode> {
  switch (error.code) {
    case "ORDER_NOT_FOUND":
      return about("id", error.code, "There is no such order of yours.");
    case "ORDER_STATE": {
      const { code, state, allowed } = error;
      const detail = `The order is ${state}; it can become ${allowed.join(" or ") || "nothing else"}.`;
      return { code, detail, members: { state, allowed } };
    }
    case "IDEMPOTENCY_KEY_REUSED":
      return about(
        "Idempotency-Key",
        error.code,
        "This key was used for a different request; use a new key.",
      );
    case "CART_CHANGED":
    case "PRICE_CHANGED":
    case "OUT_OF_STOCK":
      return {
        ...about("items", error.code, DIFFERENCES[error.code]),
        members: { lines: error.lines },
      };
    case "CART_EMPTY":
      return { code: error.code, detail: "There is nothing in the cart to check out." };
    case "ORDER_TOO_LARGE":
      return { code: error.code, detail: "The total is beyond what can be charged; order less at a time." };
    case "CHECKOUT_IN_PROGRESS":
      return {
        code: error.code,
        detail:
          "Another checkout of this cart is under way; wait for it, or repeat this request in a moment.",
        headers: SOON,
      };
    case "DEADLINE_PASSED":
      return DEADLINE_PASSED;
    case "RATE_LIMITED":
      return {
        code: error.code,
        detail: "Too many products are being looked up for you at the same time; try again in a moment.",
        headers: { "retry-after": String(error.retryAfterSeconds) },
      };
    case "CATALOG_UNAVAILABLE": {
      const which = error.productId === undefined ? "The products" : `The product "${error.productId}"`;
      return {
        code: error.code,
        detail: `${which} could not be checked, so nothing was ordered; please try again.`,
        headers: { "retry-after": String(error.retryAfterSeconds) },
      };
    }
    case "CART_STORE_FULL":
      return {
        code: error.code,
        detail: "The store of carts is full, so nothing was ordered; please try again later.",
        headers: { "retry-after": "30" },
      };
    case "CART_STORE_UNAVAILABLE":
      if (error.lasting)
        return {
          code: error.code,
          detail:
            "The cart cannot be read, so nothing was ordered; a repeat will not help, whoever runs the shop must mend it.",
        };
      return {
        code: error.code,
        detail: "The cart cannot be reached, so nothing was ordered; please try again.",
        headers: SOON,
      };
    case "ORDER_STORE_UNAVAILABLE":
      return {
        code: error.code,
        detail:
          "Orders cannot be reached at the moment; please try again, with the same Idempotency-Key if this was a change.",
        headers: SOON,
      };
  }
}

function about(field: string, code: OrderCode, detail: string): Problem<OrderCode> {
  return { code, detail, errors: [{ field, message: detail }] };
}
