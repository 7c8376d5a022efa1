import { z } from "zod";
import { CATALOGUE, type ProblemCode } from "../platform/problem/catalogue.ts";
import { addBody, productId, setBody } from "./input.ts";

const money = z.object({
  amount: z.int().describe("whole minor units"),
  currency: z.string().describe("ISO 4217"),
});

const cartSchema = z.object({
  cartId: z.string().nullable().describe("null when the cart is empty"),
  version: z.int().describe("0 when the cart is empty, else 1 and up: one more for each change"),
  items: z.array(
    z.object({
      productId: z.string(),
      name: z
        .string()
        .nullable()
        .describe("null when availability is gone or priceUnknown, as are the prices"),
      unitPrice: money.nullable(),
      quantity: z.int(),
      lineTotal: money.nullable(),
      availability: z
        .enum(["available", "gone", "outOfStock", "priceUnknown"])
        .describe("gone: no longer sold; outOfStock: fewer in stock than the line's quantity"),
    }),
  ),
  total: money
    .extend({
      excludes: z
        .array(z.string())
        .optional()
        .describe("products that have no price; absent when there are none"),
    })
    .describe("the sum of the lines that have a price"),
  expiresAt: z.string().nullable().describe("ISO 8601; slides with every change"),
  pricesAsOf: z.string().nullable().describe("when the oldest price shown was fetched"),
});

const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.enum(Object.keys(CATALOGUE) as [ProblemCode, ...ProblemCode[]]),
  detail: z.string(),
  instance: z.string(),
  field: z.string().optional(),
  errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
});

const EVERY_CALL: ProblemCode[] = ["UNAUTHENTICATED", "RATE_LIMITED", "CART_STORE_UNAVAILABLE", "INTERNAL"];
const CHANGE: ProblemCode[] = ["INVALID_REQUEST", "VERSION_MISMATCH", "IDEMPOTENCY_KEY_REUSED"];
const WITH_BODY: ProblemCode[] = ["PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"];
const CHECKED: ProblemCode[] = [
  "PRODUCT_NOT_FOUND",
  "OUT_OF_STOCK",
  "QUANTITY_LIMIT",
  "LINE_LIMIT",
  "CATALOG_UNAVAILABLE",
];

/** The cart API as OpenAPI 3.1, made from the schemas that validate its input and the catalogue of its errors. */
export function openApiDocument() {
  const header = (name: string, description: string) => ({
    name,
    in: "header",
    required: false,
    description,
    schema: { type: "string" },
  });
  const preconditions = [
    header("If-Match", 'entity tags such as "3": the change happens only at one of these versions'),
    header(
      "Idempotency-Key",
      "a repeat with the same key changes nothing and gets the first outcome, for 24 hours",
    ),
  ];
  const product = {
    name: "productId",
    in: "path",
    required: true,
    schema: z.toJSONSchema(productId),
  };
  const read = { summary: "The cart", responses: responses(EVERY_CALL) };
  const change = <T extends object>(summary: string, codes: ProblemCode[], more: T) => ({
    summary,
    parameters: preconditions,
    responses: responses([...EVERY_CALL, ...CHANGE, ...codes]),
    ...more,
  });
  const body = (schema: z.ZodType) => ({
    requestBody: { required: true, content: { "application/json": { schema: z.toJSONSchema(schema) } } },
  });
  return {
    openapi: "3.1.0",
    info: { title: "Cartwright cart API", version: "1" },
    servers: [{ url: "/api" }],
    security: [{ bearer: [] }],
    paths: {
      "/cart": { get: read, delete: change("Clear the cart", [], {}) },
      "/cart/items": {
        post: change("Add to the quantity of a product", [...WITH_BODY, ...CHECKED], body(addBody)),
      },
      "/cart/items/{productId}": {
        parameters: [product],
        put: change("Set the quantity of a product; 0 removes it", [...WITH_BODY, ...CHECKED], body(setBody)),
        delete: change("Remove a product", [], {}),
      },
    },
    components: {
      securitySchemes: { bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" } },
      schemas: { Cart: z.toJSONSchema(cartSchema), Problem: z.toJSONSchema(problemSchema) },
    },
  };
}

function responses(codes: readonly ProblemCode[]) {
  const problem = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };
  const byStatus = Map.groupBy(codes, (code) => CATALOGUE[code].status);
  return {
    200: {
      description: "The cart as it is now",
      headers: {
        ETag: { description: "the version, in quotes", schema: { type: "string" } },
        "Outbox-State": {
          description: "of a change: whether its event is in the database already, or staged in Redis",
          schema: { enum: ["committed", "staged"] },
        },
      },
      content: { "application/json": { schema: { $ref: "#/components/schemas/Cart" } } },
    },
    ...Object.fromEntries(
      [...byStatus].map(([status, same]) => [status, { description: same.join(", "), content: problem }]),
    ),
  };
}
