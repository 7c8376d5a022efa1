import { OPERATIONS } from "./operations/all.ts";
import type { Operation } from "./operations/operation.ts";
import type { CartCode } from "./problem-codes.ts";

/** One call of the cart API: `operation` is the change that it makes, null for reading. */
export interface Call {
  readonly method: "get" | Operation["method"];
  /** As OpenAPI writes it. */
  readonly path: string;
  readonly summary: string;
  readonly operation: Operation | null;
  readonly problems: readonly CartCode[];
}

const EVERY_CALL: readonly CartCode[] = [
  "UNAUTHENTICATED",
  "RATE_LIMITED",
  "CART_STORE_UNAVAILABLE",
  "INTERNAL",
];
const CHANGE: readonly CartCode[] = [
  "INVALID_REQUEST",
  "VERSION_MISMATCH",
  "IDEMPOTENCY_KEY_REUSED",
  "CART_STORE_FULL",
];
const WITH_BODY: readonly CartCode[] = ["PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"];
const CHECKED: readonly CartCode[] = ["PRODUCT_NOT_FOUND", "CATALOG_UNAVAILABLE"];

/** The cart API: what Express serves and what OpenAPI describes, both from here. */
export const CALLS: readonly Call[] = [
  { method: "get", path: "/cart", summary: "The cart", operation: null, problems: EVERY_CALL },
  ...OPERATIONS.map((operation) => ({
    method: operation.method,
    path: operation.path,
    summary: operation.summary,
    operation,
    problems: [
      ...EVERY_CALL,
      ...CHANGE,
      ...(operation.body ? WITH_BODY : []),
      ...operation.refusals,
      ...(operation.refusals.length > 0 ? CHECKED : []),
    ],
  })),
];
