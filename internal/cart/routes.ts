import type { Express, Request, RequestHandler, Response } from "express";
import { serveCalls } from "../platform/http/calls.ts";
import { jsonBody, validate } from "../platform/http/json-body.ts";
import { type OpenApiDocument, sendDocument } from "../platform/http/openapi.ts";
import type { IdentityVerifier } from "../platform/identity/internal-token.ts";
import { requireIdentity } from "../platform/identity/require-identity.ts";
import type { Problem } from "../platform/problem/problem.ts";
import { ok, type Result } from "../platform/result/result.ts";
import { CART_CALLS, CART_DESCRIPTION, type CartCall } from "./calls.ts";
import type { CartView } from "./cart.ts";
import { matches, readPreconditions, readProductId } from "./input.ts";
import type { Fields, Operation } from "./operations/operation.ts";
import { problemOf, refuse } from "./problems.ts";
import type { CartService } from "./service.ts";

/** The largest request body in bytes: an add takes fewer than 200. */
const BODY_LIMIT = 8 * 1024;

/**
 * The cart API, whose shapes are in calls.ts. Every route but `document`, which describes all that the
 * process has for clients, needs the gateway's identity token.
 */
export function cartRoutes(
  app: Express,
  service: CartService,
  identity: IdentityVerifier,
  document: OpenApiDocument,
): void {
  const view: RequestHandler = async (req, res) => {
    const preconditions = readPreconditions(req.headers);
    if (!preconditions.ok) return refuse(req, res, preconditions.error);
    const cart = await service.view(res.locals.owner);
    if (!cart.ok) return refuse(req, res, problemOf(cart.error));
    const { ifMatch } = preconditions.value;
    const { version } = cart.value;
    if (ifMatch !== null && !matches(ifMatch, version))
      return refuse(req, res, problemOf({ code: "VERSION_MISMATCH", version }));
    sendCart(res, cart.value);
  };
  const change = (operation: Operation): RequestHandler => {
    return async (req, res) => {
      const fields = readFields(operation, req);
      if (!fields.ok) return refuse(req, res, fields.error);
      const preconditions = readPreconditions(req.headers);
      if (!preconditions.ok) return refuse(req, res, preconditions.error);
      const requested = { op: operation.name, ...fields.value };
      const result = await service.change(res.locals.owner, requested, preconditions.value);
      if (!result.ok) return refuse(req, res, problemOf(result.error));
      const { cart, outboxState, replayed } = result.value;
      res.setHeader("outbox-state", outboxState);
      if (replayed) res.setHeader("idempotent-replayed", "true");
      sendCart(res, cart);
    };
  };
  const body = jsonBody(BODY_LIMIT);
  const handlersOf = ({ operation }: CartCall): RequestHandler[] =>
    operation === null ? [view] : operation.body ? [body, change(operation)] : [change(operation)];

  serveCalls(app, CART_DESCRIPTION, { cartDescription: sendDocument(document) });
  app.use("/cart", requireIdentity(identity, ["user", "guest"]));
  const handlers = Object.entries(CART_CALLS).map(([id, call]) => [id, handlersOf(call)]);
  serveCalls(app, CART_CALLS, Object.fromEntries(handlers));
}

/** What an operation is asked for, from path and body. */
function readFields({ path, body }: Operation, req: Request): Result<Fields, Problem> {
  const productId = path.includes("{productId}") ? readProductId(req.params.productId) : null;
  if (productId?.ok === false) return productId;
  const fields = body ? validate(body, req.body) : ok({});
  if (!fields.ok) return fields;
  return ok({ ...fields.value, ...(productId && { productId: productId.value }) });
}

/**
 * Written by hand because Express' send would answer 304 on a
 * matching If-None-Match, and prices are not in the tag. `whole` is what the cart is told with.
 */
export function sendCart(res: Response, cart: CartView, whole: object = cart): void {
  const body = JSON.stringify(whole);
  res.setHeader("content-type", "application/json; charset=utf-8");
  res.setHeader("content-length", Buffer.byteLength(body));
  res.setHeader("cache-control", "no-store");
  res.setHeader("etag", `"${cart.version}"`);
  res.end(body);
}
