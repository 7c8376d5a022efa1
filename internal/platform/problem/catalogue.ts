/**
 * Every error code a client can meet, with its HTTP status and
 * title. The only place where a code becomes a status.
 */
export const CATALOGUE = {
  INVALID_REQUEST: { status: 400, title: "The request is not valid" },
  UNAUTHENTICATED: { status: 401, title: "A valid access token is needed" },
  FORBIDDEN: { status: 403, title: "Not allowed" },
  NOT_FOUND: { status: 404, title: "No such resource" },
  PRODUCT_NOT_FOUND: { status: 404, title: "The product is not sold" },
  METHOD_NOT_ALLOWED: { status: 405, title: "The method is not allowed here" },
  REQUEST_TIMEOUT: { status: 408, title: "The request took too long to arrive" },
  OUT_OF_STOCK: { status: 409, title: "Not enough stock" },
  QUANTITY_LIMIT: { status: 409, title: "Too many of one product" },
  LINE_LIMIT: { status: 409, title: "Too many different products" },
  VERSION_MISMATCH: { status: 412, title: "The cart has changed" },
  PAYLOAD_TOO_LARGE: { status: 413, title: "The request body is too large" },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: "The request body is not JSON" },
  IDEMPOTENCY_KEY_REUSED: { status: 422, title: "The idempotency key belongs to another request" },
  RATE_LIMITED: { status: 429, title: "Too many requests" },
  HEADERS_TOO_LARGE: { status: 431, title: "The request's headers are too large or too many" },
  INTERNAL: { status: 500, title: "Something went wrong on our side" },
  UPSTREAM_UNAVAILABLE: { status: 502, title: "A service behind the gateway did not answer" },
  CART_STORE_FULL: { status: 503, title: "The cart store is full" },
  CART_STORE_UNAVAILABLE: { status: 503, title: "The cart store is unavailable" },
  CATALOG_UNAVAILABLE: { status: 503, title: "The catalog is unavailable" },
  UPSTREAM_TIMEOUT: { status: 504, title: "A service behind the gateway took too long" },
} as const;

export type ProblemCode = keyof typeof CATALOGUE;
