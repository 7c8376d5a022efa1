import { createHash, timingSafeEqual } from "node:crypto";
import type { Express, Request, RequestHandler, Response } from "express";
import type { z } from "zod";
import { serveCalls } from "../platform/http/calls.ts";
import { jsonBody, validate } from "../platform/http/json-body.ts";
import { ADMIN_CALLS } from "./admin-calls.ts";
import { type Faults, faultsBody } from "./faults.ts";
import { refuse } from "./problems.ts";
import { type Products, productBody, productPatch, productSchema } from "./products.ts";
import { notFound } from "./routes.ts";

/** Routes that change products and make the service misbehave. Only for who knows `token`. */
export function adminRoutes(app: Express, token: string, products: Products, faults: Faults): void {
  const body = jsonBody(16 * 1024);
  app.use("/admin", onlyWith(token));
  serveCalls(app, ADMIN_CALLS, {
    productPut: [
      body,
      (req, res) => {
        const fields = read(req, res, productBody);
        const product = fields && validate(productSchema, { id: req.params.id, ...fields });
        if (!product) return;
        if (!product.ok) return refuse(req, res, product.error);
        products.put(product.value);
        res.json(product.value);
      },
    ],
    productPatch: [
      body,
      (req, res) => {
        const known = products.get(String(req.params.id));
        if (!known) return refuse(req, res, notFound(String(req.params.id)));
        const fields = read(req, res, productPatch);
        if (!fields) return;
        const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
        const product = { ...known, ...given };
        products.put(product);
        res.json(product);
      },
    ],
    productDelete: (req, res) => {
      if (products.remove(String(req.params.id))) res.status(204).end();
      else refuse(req, res, notFound(String(req.params.id)));
    },
    faultsPut: [
      body,
      (req, res) => {
        const settings = read(req, res, faultsBody);
        if (!settings) return;
        faults.set(settings);
        res.json(settings);
      },
    ],
    faultsDelete: (_req, res) => {
      faults.clear();
      res.status(204).end();
    },
  });
}

function read<T>(req: Request, res: Response, schema: z.ZodType<T>): T | null {
  const fields = validate(schema, req.body);
  if (fields.ok) return fields.value;
  refuse(req, res, fields.error);
  return null;
}

function onlyWith(token: string): RequestHandler {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  const expected = digest(`Bearer ${token}`);
  return (req, res, next) => {
    if (timingSafeEqual(digest(req.headers.authorization ?? ""), expected)) return next();
    refuse(req, res, {
      code: "UNAUTHENTICATED",
      detail: "Send Authorization: Bearer with the catalog's admin token.",
      headers: { "www-authenticate": "Bearer" },
    });
  };
}
