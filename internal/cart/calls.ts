import { z } from "zod";
import type { Call, Calls } from "../platform/http/calls.ts";
import { idempotencyKey } from "../platform/http/idempotency-key.ts";
import { descriptionCall } from "../platform/http/openapi.ts";
import { productId } from "../platform/product/product-id.ts";
import { cartSchema } from "./cart-schema.ts";
import { OPERATIONS } from "./operations/all.ts";
import type { Operation } from "./operations/operation.ts";
import type { CartCode } from "./problem-codes.ts";

/** One call of the cart API: `operation` is the change that it makes, null for reading. */
export interface CartCall extends Call<CartCode> {
  readonly operation: Operation | null;
}

const EVERY_CALL: readonly CartCode[] = [
  "UNAUTHENTICATED",
  "CART_STORE_UNAVAILABLE",
  "DEADLINE_PASSED",
  "INTERNAL",
];
const CHANGE: readonly CartCode[] = [
  "INVALID_REQUEST",
  "VERSION_MISMATCH",
  "IDEMPOTENCY_KEY_REUSED",
  "CART_STORE_FULL",
];
const WITH_BODY: readonly CartCode[] = ["PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"];
const CHECKED: readonly CartCode[] = ["PRODUCT_NOT_FOUND", "CATALOG_UNAVAILABLE", "RATE_LIMITED"];

const PRODUCT = { name: "productId", in: "path", schema: productId } as const;
export const IDEMPOTENCY_KEY = idempotencyKey("the first outcome");
const PRECONDITIONS = [
  {
    name: "If-Match",
    in: "header",
    description:
      'entity tags such as "3": the change happens only at one of these versions; * at any, but "0"',
    schema: z.string(),
  },
  {
    name: "If-None-Match",
    in: "header",
    description: "likewise: the change happens at none of these versions; * only where no cart is yet",
    schema: z.string(),
  },
  IDEMPOTENCY_KEY,
] as const;
const SAME_VERSION = {
  name: "If-Match",
  in: "header",
  description: 'entity tags such as "3": the cart is told only at one of these versions',
  schema: z.string(),
} as const;

export const ETAG = { description: "the version, in quotes", schema: z.string() };
export const OUTBOX_STATE = {
  description: "whether the change's event is in the database already, or staged in Redis",
  schema: z.enum(["committed", "staged"]),
};
export const REPLAYED = { description: "true: this is the first outcome again", schema: z.literal("true") };
const CART = {
  status: 200,
  description: "The cart as it is now",
  headers: { ETag: ETAG },
  body: { name: "Cart", schema: cartSchema },
};
const CHANGED = {
  ...CART,
  headers: { ETag: ETAG, "Outbox-State": OUTBOX_STATE, "Idempotent-Replayed": REPLAYED },
};

const readCart: CartCall = {
  method: "get",
  path: "/cart",
  summary: "The cart",
  operation: null,
  parameters: [SAME_VERSION],
  answers: [CART],
  problems: [...EVERY_CALL, "INVALID_REQUEST", "VERSION_MISMATCH"],
};

function changeCall(operation: Operation): CartCall {
  const { method, path, summary, body, asksCatalog, refusals } = operation;
  return {
    method,
    path,
    summary,
    body,
    operation,
    parameters: [...(path.includes("{productId}") ? [PRODUCT] : []), ...PRECONDITIONS],
    answers: [CHANGED],
    problems: [
      ...EVERY_CALL,
      ...CHANGE,
      ...(body ? WITH_BODY : []),
      ...refusals,
      ...(asksCatalog ? CHECKED : []),
    ],
  };
}

const capitalised = (name: string) => `${name.charAt(0).toUpperCase()}${name.slice(1)}`;

/** The cart API by `operationId`: what Express serves and what OpenAPI describes, both from here. */
export const CART_CALLS: Readonly<Record<string, CartCall>> = {
  cartRead: readCart,
  ...Object.fromEntries(
    OPERATIONS.map((operation) => [`cart${capitalised(operation.name)}`, changeCall(operation)]),
  ),
};

/** The cart service's description of itself. */
export const CART_DESCRIPTION = {
  cartDescription: descriptionCall<CartCode>("/cart/openapi.json", ["INTERNAL"]),
} satisfies Calls<CartCode>;
