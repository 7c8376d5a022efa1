import { DEADLINE_PASSED } from "../platform/http/deadline.ts";
import { refuseWith } from "../platform/http/refuse.ts";
import type { Problem } from "../platform/problem/problem.ts";
import type { CartError } from "./cart.ts";
import type { CartCode } from "./problem-codes.ts";

export const refuse = refuseWith<CartCode>();

/** How a refused operation is told to a client. */
export function problemOf(error: CartError): Problem<CartCode> {
  switch (error.code) {
    case "PRODUCT_NOT_FOUND":
      return about("productId", error.code, `There is no product "${error.productId}" in the catalog.`);
    case "OUT_OF_STOCK":
      return about(
        "quantity",
        error.code,
        `The catalog has ${error.stock} in stock; ${already(error.held)}.`,
      );
    case "QUANTITY_LIMIT":
      return about(
        "quantity",
        error.code,
        `A cart takes at most ${error.limit} of one product; ${already(error.held)}.`,
      );
    case "LINE_LIMIT":
      return about(
        "productId",
        error.code,
        `A cart takes at most ${error.limit} different products; remove one first.`,
      );
    case "VERSION_MISMATCH":
      return about(
        error.isUnwanted ? "If-None-Match" : "If-Match",
        error.code,
        `The cart is at version ${error.version}; read it again and repeat the change.`,
      );
    case "IDEMPOTENCY_KEY_REUSED":
      return about(
        "Idempotency-Key",
        error.code,
        "This key was used for a different request; use a new key.",
      );
    case "DEADLINE_PASSED":
      return DEADLINE_PASSED;
    case "RATE_LIMITED":
      return {
        code: error.code,
        detail:
          "Too many products are being looked up for you at the same time; try again with fewer at once.",
        headers: { "retry-after": String(error.retryAfterSeconds) },
      };
    case "CATALOG_UNAVAILABLE":
      if (error.productId !== undefined)
        return about(
          "productId",
          error.code,
          "The catalog says nothing usable about this product, so nothing was changed; other products can be added.",
        );
      return {
        code: error.code,
        detail: "The product could not be checked, so nothing was changed; please try again.",
        headers: { "retry-after": String(error.retryAfterSeconds) },
      };
    case "CART_STORE_FULL":
      return {
        code: error.code,
        detail: "The store of carts is full, so nothing was changed; reading and removing go on.",
        headers: { "retry-after": "30" },
      };
    case "CART_STORE_UNAVAILABLE":
      if (error.lasting)
        return {
          code: error.code,
          detail: "The cart cannot be read, and a repeat will not help; whoever runs the shop must mend it.",
        };
      return {
        code: error.code,
        detail:
          "The cart cannot be reached; please try again, with the same Idempotency-Key if this was a change.",
        headers: { "retry-after": "1" },
      };
  }
}

function about(field: string, code: CartError["code"], detail: string): Problem<CartCode> {
  return { code, detail, errors: [{ field, message: detail }] };
}

function already(held: number): string {
  return held === 0 ? "ask for fewer" : `the cart already holds ${held}`;
}
