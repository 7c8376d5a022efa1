import { refuseWith } from "../platform/http/refuse.ts";
import type { CodeOf, ProblemCatalogue } from "../platform/problem/catalogue.ts";

/** What the catalog answers, besides what every HTTP server has. */
export const CATALOG_PROBLEMS = {
  UNAUTHENTICATED: { status: 401, title: "A valid access token is needed" },
  PRODUCT_NOT_FOUND: { status: 404, title: "The product is not sold" },
} as const satisfies ProblemCatalogue;

export type CatalogCode = CodeOf<typeof CATALOG_PROBLEMS>;

export const refuse = refuseWith<CatalogCode>();
