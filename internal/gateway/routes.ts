import type { Express, RequestHandler } from "express";
import { pathOf } from "../platform/http/app.ts";
import { methods } from "../platform/http/methods.ts";
import type { Registry } from "../platform/metrics/metrics.ts";
import { invalid, type Problem, sendProblem } from "../platform/problem/problem.ts";
import { authenticate } from "./authenticate.ts";
import { bodyLimit } from "./body-limit.ts";
import { type OwnerTokens, outgoingHeaders } from "./outgoing-headers.ts";
import { rateLimit } from "./rate-limit.ts";
import type { createGuestSessions, createTokenVerifier } from "./tokens.ts";

/** Dot segments, doubled slashes and encoded separators: paths that two servers may read differently. */
const AMBIGUOUS = /\/\/|\/\.{1,2}(\/|$)|%2f|%5c|%2e|\\/i;

const READ_ONLY: Problem = {
  code: "METHOD_NOT_ALLOWED",
  detail: "The catalog can only be read here.",
  errors: [{ field: "method", message: "must be GET or HEAD" }],
  headers: { allow: "GET, HEAD" },
};

/** The gateway's routes: sessions of its own, the cart with an identity, the catalog without one and read-only. */
export function gatewayRoutes(
  app: Express,
  parts: {
    sessions: ReturnType<typeof createGuestSessions>;
    verify: ReturnType<typeof createTokenVerifier>;
    tokens: OwnerTokens;
    cart: RequestHandler;
    catalog: RequestHandler;
    bodyLimitBytes: number;
    perMinute: number;
    registry: Registry;
  },
): void {
  const { sessions, verify, tokens, cart, catalog, bodyLimitBytes, perMinute, registry } = parts;
  const limitRate = rateLimit(perMinute, registry);
  const limitBody = bodyLimit(bodyLimitBytes);

  app.use((req, res, next) => {
    if (!AMBIGUOUS.test(pathOf(req))) return next();
    sendProblem(res, pathOf(req), invalid("path", "must have no empty, dot or encoded segments"));
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
  const toCart = [authenticate(verify, registry), limitRate, limitBody, outgoingHeaders(tokens)];
  app.use("/api", under("/cart", ...toCart, cart));
  app.use("/api/catalog", under("/products", readOnly, limitRate, limitBody, outgoingHeaders(null), catalog));
}

const readOnly: RequestHandler = (req, res, next) => {
  if (req.method === "GET" || req.method === "HEAD") return next();
  sendProblem(res, pathOf(req), READ_ONLY);
};

/** Runs `handlers` for `prefix` and what lies below it, leaving the path as it is for the service behind. */
function under(prefix: string, ...handlers: RequestHandler[]): RequestHandler {
  return (req, res, next) => {
    const path = req.path;
    if (path !== prefix && !path.startsWith(`${prefix}/`)) return next();
    let index = 0;
    const step = (error?: unknown): void => {
      const handler = handlers[index++];
      if (error !== undefined || !handler) next(error);
      else Promise.resolve(handler(req, res, step)).catch(next);
    };
    step();
  };
}
