import type { Express, Request, RequestHandler } from "express";
import type { z } from "zod";
import { CHECKOUT_BODY_BYTES } from "../platform/http/body-limits.ts";
import { serveCalls } from "../platform/http/calls.ts";
import { deadlineOf } from "../platform/http/deadline.ts";
import { jsonBody, validate } from "../platform/http/json-body.ts";
import type { IdentityVerifier } from "../platform/identity/internal-token.ts";
import { requireIdentity } from "../platform/identity/require-identity.ts";
import { invalid, type Problem } from "../platform/problem/problem.ts";
import { err, ok, type Result } from "../platform/result/result.ts";
import { requestTraceparent } from "../platform/telemetry/request-traceparent.ts";
import { answerTransition } from "./answer-transition.ts";
import { orderCalls } from "./calls.ts";
import type { Checkout } from "./checkout.ts";
import { loweredLines } from "./consent.ts";
import { cursorAfter, readCursor } from "./cursor.ts";
import { checkoutBody, pageQuery } from "./input.ts";
import type { OrderService } from "./order-service.ts";
import { orderView } from "./order-view.ts";
import { problemOf, refuse } from "./problems.ts";
import { readRequest, send } from "./requests.ts";

const DEFAULT_PAGE = 20;

/** Where clients find an order. */
const LOCATION = "/api/orders/";

/** Checkout and orders for owners. `cart` is a cart as clients get it. */
export function orderRoutes(
  app: Express,
  parts: {
    checkout: Checkout<unknown>;
    service: OrderService;
    identity: IdentityVerifier;
    cart: z.ZodType;
  },
): void {
  const { checkout, service, identity } = parts;
  const owner = requireIdentity(identity, ["user", "guest"]);
  const body = jsonBody(CHECKOUT_BODY_BYTES);

  const placeOrder: RequestHandler = async (req, res) => {
    const request = readRequest(req, res, req.body);
    if (!request.ok) return refuse(req, res, request.error);
    if (request.value === null) return refuse(req, res, invalid("Idempotency-Key", "is required here"));
    const fields = validate(checkoutBody, req.body);
    if (!fields.ok) return refuse(req, res, fields.error);
    const result = await checkout({
      owner: res.locals.owner,
      consent: fields.value.items,
      request: request.value,
      traceparent: requestTraceparent(req.headers),
      deadline: deadlineOf(req.headers),
    });
    if (!result.ok) return refuse(req, res, problemOf(result.error));
    const { order, cart, replayed } = result.value;
    const lowered = loweredLines(order.lines);
    res.setHeader("location", LOCATION + order.id);
    if (replayed) res.setHeader("idempotent-replayed", "true");
    send(res, 201, { order: orderView(order), cart, ...(lowered.length > 0 && { lowered }) });
  };

  serveCalls(app, orderCalls(parts.cart), {
    cartCheckout: [owner, body, placeOrder],
    orderList: [
      owner,
      async (req, res) => {
        const query = readPage(req);
        if (!query.ok) return refuse(req, res, query.error);
        const page = await service.page(res.locals.owner, query.value.before, query.value.limit);
        if (!page.ok) return refuse(req, res, problemOf(page.error));
        const { orders, before } = page.value;
        const nextCursor = before === null ? null : cursorAfter(before);
        send(res, 200, { items: orders.map(orderView), nextCursor });
      },
    ],
    orderRead: [
      owner,
      async (req, res) => {
        const order = await service.one(res.locals.owner, String(req.params.id));
        if (order.ok) send(res, 200, orderView(order.value));
        else refuse(req, res, problemOf(order.error));
      },
    ],
    orderCancel: [
      owner,
      (req, res) =>
        answerTransition(req, res, service, { to: "cancelled", owner: res.locals.owner, sent: null }),
    ],
  });
}

function readPage(req: Request): Result<{ limit: number; before: number | null }, Problem> {
  const query = validate(pageQuery, req.query);
  if (!query.ok) return query;
  const { limit = DEFAULT_PAGE, cursor } = query.value;
  if (cursor === undefined) return ok({ limit, before: null });
  const before = readCursor(cursor);
  return before === null
    ? err(invalid("cursor", "is not the nextCursor of a page of orders"))
    : ok({ limit, before });
}
