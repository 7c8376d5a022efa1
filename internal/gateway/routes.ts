import type { Express, NextFunction, Request, RequestHandler, Response } from "express";
import { methods } from "../platform/http/methods.ts";
import { pathOf } from "../platform/http/refuse.ts";
import type { IdentitySigner } from "../platform/identity/internal-token.ts";
import type { Logger } from "../platform/logger/logger.ts";
import type { Registry } from "../platform/metrics/metrics.ts";
import { invalid } from "../platform/problem/problem.ts";
import { authenticate } from "./authenticate.ts";
import { outgoingHeaders } from "./outgoing-headers.ts";
import { type GatewayProblem, refuse } from "./problems.ts";
import { rateLimit } from "./rate-limit.ts";
import { readBody } from "./read-body.ts";
import type { createGuestSessions, VerifyToken } from "./tokens.ts";

/** Dot segments, doubled slashes and encoded separators: paths that two servers may read differently. */
const AMBIGUOUS = /\/\/|\/\.{1,2}(\/|$)|%2f|%5c|%2e|\\/i;

const READ_ONLY: GatewayProblem = {
  code: "METHOD_NOT_ALLOWED",
  detail: "The catalog can only be read here.",
  errors: [{ field: "method", message: "must be GET or HEAD" }],
  headers: { allow: "GET, HEAD" },
};

/**
 * The gateway's routes: sessions of its own, the cart with an
 * identity, the catalog without one and read-only.
 */
export function gatewayRoutes(
  app: Express,
  parts: {
    sessions: ReturnType<typeof createGuestSessions>;
    verify: VerifyToken;
    signer: IdentitySigner;
    cart: RequestHandler;
    catalog: RequestHandler;
    bodyLimitBytes: number;
    bodyTimeoutMs: number;
    perMinute: number;
    registry: Registry;
    log: Logger;
  },
): void {
  const { sessions, verify, signer, cart, catalog, perMinute, registry, log } = parts;
  const limitRate = rateLimit(perMinute, registry);
  const body = readBody({ limitBytes: parts.bodyLimitBytes, timeoutMs: parts.bodyTimeoutMs });

  const toCart = [authenticate(verify, log), limitRate, body, outgoingHeaders(signer), cart];
  const toCatalog = [readOnly, limitRate, body, outgoingHeaders(null), catalog];
  const behind = [
    { prefix: "/api/cart", stripped: "/api", handlers: toCart },
    { prefix: "/api/catalog/products", stripped: "/api/catalog", handlers: toCatalog },
  ];
  app.use((req, res, next) => {
    const path = pathOf(req);
    if (AMBIGUOUS.test(path)) {
      return refuse(req, res, invalid("path", "must have no empty, dot or encoded segments"));
    }
    const service = behind.find(({ prefix }) => isAtOrBelow(path, prefix));
    if (service === undefined) return next();
    req.url = req.originalUrl.slice(service.stripped.length);
    return runInTurn(service.handlers, req, res, next);
  });
  methods(app, "/api/session", {
    post: [
      limitRate,
      async (_req, res) => {
        const { accessToken, expiresIn, guestId } = await sessions.open();
        res.setHeader("cache-control", "no-store");
        res.status(201).json({ accessToken, tokenType: "Bearer", expiresIn, guestId });
      },
    ],
  });
}

const readOnly: RequestHandler = (req, res, next) => {
  if (req.method === "GET" || req.method === "HEAD") return next();
  refuse(req, res, READ_ONLY);
};

function isAtOrBelow(path: string, prefix: string): boolean {
  return path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === "/");
}

/** As Express runs a list of handlers, but without a route lookup for each. */
function runInTurn(
  handlers: readonly RequestHandler[],
  req: Request,
  res: Response,
  next: NextFunction,
): void {
  let index = 0;
  const step = (error?: unknown): void => {
    const handler = handlers[index++];
    if (error !== undefined || handler === undefined) {
      next(error);
      return;
    }
    try {
      const running: unknown = handler(req, res, step);
      if (running instanceof Promise) running.catch(next);
    } catch (thrown) {
      next(thrown);
    }
  };
  step();
}
