import { z } from "zod";
import type { Calls } from "../platform/http/calls.ts";
import { idempotencyKey } from "../platform/http/idempotency-key.ts";
import type { Api } from "../platform/http/openapi.ts";
import { moneySchema } from "../platform/money/money.ts";
import { checkoutBody, pageQuery } from "./input.ts";
import { TRANSITIONS } from "./order.ts";
import { orderSchema } from "./order-view.ts";
import { ORDER_PROBLEMS, type OrderCode } from "./problem-codes.ts";

export const EVERY_CALL = [
  "UNAUTHENTICATED",
  "ORDER_STORE_UNAVAILABLE",
  "DEADLINE_PASSED",
  "INTERNAL",
] as const;
export const WITH_BODY = ["INVALID_REQUEST", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"] as const;
export const KEY = idempotencyKey("the order as it is by then");
export const ID = { name: "id", in: "path", schema: z.string() } as const;
const REPLAYED = {
  description: "true: this request was carried out before; the order may have moved on since",
  schema: z.literal("true"),
};
const ORDER = { name: "Order", schema: orderSchema };
export const TRANSITIONED = {
  status: 200,
  description: "The order as it is now",
  headers: { "Idempotent-Replayed": REPLAYED },
  body: ORDER,
};

export const status = z.enum(Object.keys(TRANSITIONS) as (keyof typeof TRANSITIONS)[]);
const differing = z.object({ quantity: z.int(), unitPrice: moneySchema }).partial();

const lowered = z
  .array(
    z.object({
      productId: z.string(),
      was: z.object({ unitPrice: moneySchema }),
      now: z.object({ unitPrice: moneySchema }),
    }),
  )
  .optional()
  .describe("lines that are charged at less than was agreed to; absent when there are none");

/** What may be done with orders, by `operationId`. */
const ORDER_CALLS = {
  orderList: {
    method: "get",
    path: "/orders",
    summary: "A page of one's own orders, newest first",
    parameters: Object.entries(pageQuery.shape).map(
      ([name, schema]) => ({ name, in: "query", schema }) as const,
    ),
    answers: [
      {
        status: 200,
        description: "Orders",
        body: {
          name: "OrderPage",
          schema: z.object({ items: z.array(orderSchema), nextCursor: z.string().nullable() }),
        },
      },
    ],
    problems: [...EVERY_CALL, "INVALID_REQUEST"],
  },
  orderRead: {
    method: "get",
    path: "/orders/{id}",
    summary: "One of one's own orders",
    parameters: [ID],
    answers: [{ status: 200, description: "The order", body: ORDER }],
    problems: [...EVERY_CALL, "ORDER_NOT_FOUND"],
  },
  orderCancel: {
    method: "post",
    path: "/orders/{id}/cancel",
    summary: "Cancel an order that is placed or paid; no body is read",
    parameters: [ID, KEY],
    answers: [TRANSITIONED],
    problems: [...EVERY_CALL, "INVALID_REQUEST", "ORDER_NOT_FOUND", "ORDER_STATE", "IDEMPOTENCY_KEY_REUSED"],
  },
} as const satisfies Calls<OrderCode>;

/** `cart` is a cart as clients get it. */
export function orderCalls(cart: z.ZodType) {
  return {
    cartCheckout: {
      method: "post",
      path: "/cart/checkout",
      summary: "Order what is in the cart, at the prices agreed to",
      parameters: [{ ...KEY, required: true }],
      body: checkoutBody,
      answers: [
        {
          status: 201,
          description: "The order, and what is left in the cart",
          headers: {
            Location: { description: "where the order is", schema: z.string() },
            "Idempotent-Replayed": REPLAYED,
          },
          body: {
            name: "CheckedOut",
            schema: z.object({
              order: orderSchema,
              cart: z
                .union([cart, z.literal("pending")])
                .describe("pending: the cart could not be reduced yet, and will be"),
              lowered,
            }),
          },
        },
      ],
      problems: [
        ...EVERY_CALL,
        ...WITH_BODY,
        "CART_EMPTY",
        "CART_CHANGED",
        "PRICE_CHANGED",
        "OUT_OF_STOCK",
        "ORDER_TOO_LARGE",
        "CHECKOUT_IN_PROGRESS",
        "IDEMPOTENCY_KEY_REUSED",
        "CATALOG_UNAVAILABLE",
        "RATE_LIMITED",
        "CART_STORE_FULL",
        "CART_STORE_UNAVAILABLE",
      ],
    },
    ...ORDER_CALLS,
  } as const satisfies Calls<OrderCode>;
}

/** What problems of orders have besides the members that all have. */
export const MEMBERS = {
  lines: z
    .array(
      z.object({
        productId: z.string(),
        was: differing,
        now: differing.extend({ stock: z.int() }).partial(),
      }),
    )
    .describe("of CART_CHANGED, PRICE_CHANGED and OUT_OF_STOCK of a checkout: what is other, line by line"),
  state: status.describe("of ORDER_STATE: what the order is"),
  allowed: z.array(status).describe("of ORDER_STATE: what it can become"),
};

/** What clients can do with orders; pure, so that the gateway can describe it. */
export const ordersApi = (cart: z.ZodType): Api => ({
  calls: orderCalls(cart),
  problems: ORDER_PROBLEMS,
  members: MEMBERS,
});
