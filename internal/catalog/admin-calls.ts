import type { Calls } from "../platform/http/calls.ts";
import type { HttpCode } from "../platform/problem/catalogue.ts";
import { productId } from "../platform/product/product-id.ts";
import { faultsBody } from "./faults.ts";
import type { CatalogCode } from "./problems.ts";
import { productBody, productPatch, productSchema } from "./products.ts";

const ID = { name: "id", in: "path", schema: productId } as const;
const PRODUCT = { name: "Product", schema: productSchema };
const EVERY_ADMIN_CALL = ["UNAUTHENTICATED", "INTERNAL"] as const;
const WITH_BODY = ["INVALID_REQUEST", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"] as const;
const FAULTS = { name: "Faults", schema: faultsBody };

/** The stub's own, for tests and demonstrations; no part of the public API. */
export const ADMIN_CALLS = {
  productPut: {
    method: "put",
    path: "/admin/products/{id}",
    summary: "Add or replace a product",
    parameters: [ID],
    body: productBody,
    answers: [{ status: 200, description: "The product", body: PRODUCT }],
    problems: [...EVERY_ADMIN_CALL, ...WITH_BODY],
  },
  productPatch: {
    method: "patch",
    path: "/admin/products/{id}",
    summary: "Change some fields of a product",
    parameters: [ID],
    body: productPatch,
    answers: [{ status: 200, description: "The product", body: PRODUCT }],
    problems: [...EVERY_ADMIN_CALL, ...WITH_BODY, "PRODUCT_NOT_FOUND"],
  },
  productDelete: {
    method: "delete",
    path: "/admin/products/{id}",
    summary: "Sell a product no longer",
    parameters: [ID],
    answers: [{ status: 204, description: "It is gone" }],
    problems: [...EVERY_ADMIN_CALL, "PRODUCT_NOT_FOUND"],
  },
  faultsPut: {
    method: "put",
    path: "/admin/faults",
    summary: "Misbehave from now on",
    body: faultsBody,
    answers: [{ status: 200, description: "How", body: FAULTS }],
    problems: [...EVERY_ADMIN_CALL, ...WITH_BODY],
  },
  faultsDelete: {
    method: "delete",
    path: "/admin/faults",
    summary: "Behave again",
    answers: [{ status: 204, description: "No faults are left" }],
    problems: EVERY_ADMIN_CALL,
  },
} as const satisfies Calls<CatalogCode | HttpCode>;
