import type { Express, Request, RequestHandler, Response } from "express";
import { pathOf } from "../platform/http/app.ts";
import { jsonBody, validate } from "../platform/http/json-body.ts";
import { methods } from "../platform/http/methods.ts";
import { IDENTITY_HEADER, type IdentityVerifier } from "../platform/identity/internal-token.ts";
import { type Problem, sendProblem } from "../platform/problem/problem.ts";
import { ok, type Result } from "../platform/result/result.ts";
import type { CartView } from "./cart.ts";
import { addBody, readPreconditions, readProductId, setBody } from "./input.ts";
import { openApiDocument } from "./openapi.ts";
import { problemOf } from "./problems.ts";
import type { CartService } from "./service.ts";
import type { RequestedChange } from "./store.ts";

/** The largest request body in bytes: an add takes fewer than 200. */
const BODY_LIMIT = 8 * 1024;

/** The cart API as the design fixes it. Every route but its own description needs the gateway's identity token. */
export function cartRoutes(app: Express, service: CartService, identity: IdentityVerifier): void {
  const authenticate: RequestHandler = async (req, res, next) => {
    const token = req.headers[IDENTITY_HEADER];
    if (typeof token !== "string") return refuse(req, res, UNAUTHENTICATED);
    const verified = await identity.verify(token);
    if (verified === null) return refuse(req, res, UNAUTHENTICATED);
    res.locals.owner = verified.owner;
    next();
  };
  const body = jsonBody(BODY_LIMIT);
  const change = (read: (req: Request) => Result<RequestedChange, Problem>): RequestHandler => {
    return async (req, res) => {
      const requested = read(req);
      if (!requested.ok) return refuse(req, res, requested.error);
      const preconditions = readPreconditions(req.headers);
      if (!preconditions.ok) return refuse(req, res, preconditions.error);
      const result = await service.change(res.locals.owner, requested.value, preconditions.value);
      if (!result.ok) return refuse(req, res, problemOf(result.error));
      const { cart, outboxState, replayed } = result.value;
      res.setHeader("outbox-state", outboxState);
      if (replayed) res.setHeader("idempotent-replayed", "true");
      sendCart(res, cart);
    };
  };

  const document = JSON.stringify(openApiDocument());
  methods(app, "/cart/openapi.json", {
    get: (_req, res) => {
      res.setHeader("content-type", "application/json; charset=utf-8");
      res.end(document);
    },
  });
  app.use("/cart", authenticate);
  methods(app, "/cart", {
    get: async (req, res) => {
      const cart = await service.view(res.locals.owner);
      if (cart.ok) sendCart(res, cart.value);
      else refuse(req, res, problemOf(cart.error));
    },
    delete: change(() => ok({ op: "clear" })),
  });
  methods(app, "/cart/items", {
    post: [
      body,
      change((req) => {
        const fields = validate(addBody, req.body);
        return fields.ok ? ok({ op: "add", ...fields.value }) : fields;
      }),
    ],
  });
  methods(app, "/cart/items/:productId", {
    put: [
      body,
      change((req) => {
        const productId = readProductId(req.params.productId);
        if (!productId.ok) return productId;
        const fields = validate(setBody, req.body);
        if (!fields.ok) return fields;
        const { quantity } = fields.value;
        return ok(
          quantity === 0
            ? { op: "remove", productId: productId.value }
            : { op: "set", productId: productId.value, quantity },
        );
      }),
    ],
    delete: change((req) => {
      const productId = readProductId(req.params.productId);
      return productId.ok ? ok({ op: "remove", productId: productId.value }) : productId;
    }),
  });
}

const UNAUTHENTICATED: Problem = {
  code: "UNAUTHENTICATED",
  detail: "This service answers only to the gateway.",
};

function refuse(req: Request, res: Response, problem: Problem): void {
  sendProblem(res, pathOf(req), problem);
}

/** Written by hand because Express' send would answer 304 on a matching If-None-Match, and prices are not in the tag. */
function sendCart(res: Response, cart: CartView): void {
  const body = JSON.stringify(cart);
  res.setHeader("content-type", "application/json; charset=utf-8");
  res.setHeader("content-length", Buffer.byteLength(body));
  res.setHeader("cache-control", "no-store");
  res.setHeader("etag", `"${cart.version}"`);
  res.end(body);
}
