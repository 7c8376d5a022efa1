import { createHash } from "node:crypto";
import type { Express, Request, Response } from "express";
import { serveCalls } from "../platform/http/calls.ts";
import { validate } from "../platform/http/json-body.ts";
import { invalid, type Problem } from "../platform/problem/problem.ts";
import { CATALOG_CALLS, productQuery } from "./calls.ts";
import type { Faults } from "./faults.ts";
import { type CatalogCode, refuse } from "./problems.ts";
import type { Products } from "./products.ts";

/** Prices show to shoppers within seconds of a change; while the catalog is away, an hour's answers serve. */
const CACHE_CONTROL = "public, max-age=3, stale-while-revalidate=2, stale-if-error=3600";

/** The catalog's public routes: a page of products, several by id, one. Every answer has a strong ETag. */
export function catalogRoutes(app: Express, products: Products, faults: Faults): void {
  app.use("/products", faults.middleware);
  serveCalls(app, CATALOG_CALLS, {
    productList: (req, res) => {
      const fields = validate(productQuery, req.query);
      if (!fields.ok) return refuse(req, res, fields.error);
      const { limit, cursor, ids } = fields.value;
      if (ids !== undefined) {
        const items = [...new Set(ids)].flatMap((id) => products.get(id) ?? []);
        return send(req, res, { items, nextCursor: null });
      }
      if (cursor !== undefined && !products.get(cursor)) {
        return refuse(req, res, invalid("cursor", "is not one that this catalog has given"));
      }
      const { items, next } = products.page(cursor ?? null, limit ?? 50);
      send(req, res, { items, nextCursor: next });
    },
    productRead: (req, res) => {
      const product = products.get(String(req.params.id));
      if (product) send(req, res, product);
      else refuse(req, res, notFound(String(req.params.id)));
    },
  });
}

/** There is no such product. */
export function notFound(id: string): Problem<CatalogCode> {
  const detail = `There is no product "${id.slice(0, 64)}".`;
  return { code: "PRODUCT_NOT_FOUND", detail, errors: [{ field: "id", message: detail }] };
}

/** Answers with an ETag over the body, or 304 when the client has it already (RFC 9110 section 13.1.2). */
function send(req: Request, res: Response, value: unknown): void {
  const body = JSON.stringify(value);
  const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  res.setHeader("etag", etag);
  res.setHeader("cache-control", CACHE_CONTROL);
  const known = (req.headers["if-none-match"] ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  if (known.includes(etag) || known.includes("*")) {
    res.statusCode = 304;
    res.end();
    return;
  }
  res.setHeader("content-type", "application/json; charset=utf-8");
  res.setHeader("content-length", Buffer.byteLength(body));
  res.end(body);
}
