import { z } from "zod";
import { HTTP_PROBLEMS } from "../platform/problem/catalogue.ts";
import { CALLS, type Call } from "./calls.ts";
import { productId } from "./input.ts";
import { CART_PROBLEMS, type CartCode } from "./problem-codes.ts";

const PROBLEMS = { ...HTTP_PROBLEMS, ...CART_PROBLEMS };

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
  code: z.enum(Object.keys(PROBLEMS)),
  detail: z.string(),
  instance: z.string(),
  field: z.string().optional(),
  errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
});

const header = (name: string, description: string) => ({
  name,
  in: "header",
  required: false,
  description,
  schema: { type: "string" },
});
const PRECONDITIONS = [
  header("If-Match", 'entity tags such as "3": the change happens only at one of these versions'),
  header(
    "Idempotency-Key",
    "a repeat with the same key changes nothing and gets the first outcome, for 24 hours",
  ),
];
const PRODUCT = { name: "productId", in: "path", required: true, schema: z.toJSONSchema(productId) };

/**
 * The cart API as OpenAPI 3.1: its calls, the schemas that
 * validate their input, the catalogue of their errors.
 */
export function openApiDocument() {
  const paths: Record<string, Record<string, object>> = {};
  for (const call of CALLS) {
    paths[call.path] ??= {};
    paths[call.path]![call.method] = describe(call);
  }
  return {
    openapi: "3.1.0",
    info: { title: "Cartwright cart API", version: "1" },
    servers: [{ url: "/api" }],
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: { bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" } },
      schemas: { Cart: z.toJSONSchema(cartSchema), Problem: z.toJSONSchema(problemSchema) },
    },
  };
}

function describe({ path, summary, operation, problems }: Call) {
  const parameters = [
    ...(path.includes("{productId}") ? [PRODUCT] : []),
    ...(operation ? PRECONDITIONS : []),
  ];
  const schema = operation?.body && z.toJSONSchema(operation.body);
  return {
    summary,
    ...(parameters.length > 0 && { parameters }),
    ...(schema && { requestBody: { required: true, content: { "application/json": { schema } } } }),
    responses: responses(problems),
  };
}

function responses(codes: readonly CartCode[]) {
  const problem = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };
  const byStatus = Map.groupBy(codes, (code) => PROBLEMS[code].status);
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
