import type { Request, Response } from "express";
import { readIdempotencyKey } from "../platform/http/idempotency-key.ts";
import { refusePreconditions } from "../platform/http/no-preconditions.ts";
import type { Problem } from "../platform/problem/problem.ts";
import { ok, type Result } from "../platform/result/result.ts";
import type { RememberedRequest } from "./order-store.ts";
import { requestOf } from "./request-hash.ts";

/** The request as its Idempotency-Key makes it known; null without one. */
export function readRequest(
  req: Request,
  res: Response,
  body: unknown,
): Result<RememberedRequest | null, Problem> {
  const conditions = refusePreconditions(req.headers, "what is done with orders");
  if (!conditions.ok) return conditions;
  const key = readIdempotencyKey(req.headers);
  if (!key.ok) return key;
  if (key.value === null) return ok(null);
  // As the router matched it: a path is the same however its fixed parts are capitalised.
  const path = req.route.path.replace(":id", String(req.params.id).toLowerCase());
  return ok(requestOf({ owner: res.locals.owner, method: req.method, path, key: key.value, body }));
}

/** Sends what belongs to one owner, and so to no cache. */
export function send(res: Response, status: number, value: unknown): void {
  res.setHeader("cache-control", "no-store");
  res.status(status).json(value);
}
