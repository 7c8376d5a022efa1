import { z } from "zod";
import type { Calls } from "../platform/http/calls.ts";
import type { Api } from "../platform/http/openapi.ts";
import type { HttpCode } from "../platform/problem/catalogue.ts";
import { productId } from "../platform/product/product-id.ts";
import { CATALOG_PROBLEMS, type CatalogCode } from "./problems.ts";
import { productSchema } from "./products.ts";

const MOST_IDS = 100;

/** What `GET /products` may be asked for. */
export const productQuery = z
  .strictObject({
    limit: z
      .string()
      .regex(/^([1-9]\d?|100)$/, "must be a whole number from 1 to 100")
      .transform(Number)
      .optional()
      .describe("how many products at most, 50 unless told"),
    cursor: productId.optional().describe("the nextCursor of the page before"),
    ids: z
      .string()
      .transform((text) => text.split(","))
      .refine(
        (ids) => ids.length <= MOST_IDS && ids.every((id) => productId.safeParse(id).success),
        `must be 1 to ${MOST_IDS} product ids, separated by commas`,
      )
      .optional()
      .describe(`1 to ${MOST_IDS} product ids, separated by commas; not with limit or cursor`),
  })
  .superRefine(({ limit, cursor, ids }, context) => {
    if (ids === undefined) return;
    const message = "does not go together with ids";
    if (limit !== undefined) context.addIssue({ code: "custom", path: ["limit"], message });
    if (cursor !== undefined) context.addIssue({ code: "custom", path: ["cursor"], message });
  });

const pageSchema = z.object({ items: z.array(productSchema), nextCursor: productId.nullable() });

const PAGE = { name: "ProductPage", schema: pageSchema };
const PRODUCT = { name: "Product", schema: productSchema };
const ETAG = { description: "a strong entity tag of the body", schema: z.string() };
const HEADERS = {
  ETag: ETAG,
  "Cache-Control": { description: "for how long it may be used", schema: z.string() },
};
const NOT_MODIFIED = { status: 304, description: "The client has it already", headers: HEADERS };
const IF_NONE_MATCH = { name: "If-None-Match", in: "header", schema: z.string() } as const;
const ID = { name: "id", in: "path", schema: productId } as const;

type Code = CatalogCode | HttpCode;

/** What the catalog has for everybody, by `operationId`. */
export const CATALOG_CALLS = {
  productList: {
    method: "get",
    path: "/products",
    summary: "A page of products, or several by their ids",
    isPublic: true,
    parameters: [
      ...Object.entries(productQuery.shape).map(([name, schema]) => ({ name, in: "query", schema }) as const),
      IF_NONE_MATCH,
    ],
    answers: [
      { status: 200, description: "Products in a fixed order", headers: HEADERS, body: PAGE },
      NOT_MODIFIED,
    ],
    problems: ["INVALID_REQUEST", "INTERNAL"],
  },
  productRead: {
    method: "get",
    path: "/products/{id}",
    summary: "One product",
    isPublic: true,
    parameters: [ID, IF_NONE_MATCH],
    answers: [{ status: 200, description: "The product", headers: HEADERS, body: PRODUCT }, NOT_MODIFIED],
    problems: ["INVALID_REQUEST", "PRODUCT_NOT_FOUND", "INTERNAL"],
  },
} as const satisfies Calls<Code>;

/** The catalog's part of the public API; pure, so that the gateway can describe it. */
export const CATALOG_API: Api = { calls: CATALOG_CALLS, problems: CATALOG_PROBLEMS };
