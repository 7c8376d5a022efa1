import type { Request, RequestHandler } from "express";
import { IDENTITY_HEADER } from "../platform/identity/internal-token.ts";
import { isTraceparent, newTraceparent } from "../platform/trace/traceparent.ts";

/** All that a client may say to a service behind the gateway. Whatever else it sends, identity headers first of all, stops here. */
const PASSED = [
  "accept",
  "accept-language",
  "content-type",
  "content-length",
  "content-encoding",
  "user-agent",
  "if-match",
  "if-none-match",
  "idempotency-key",
  "x-request-id",
] as const;

/** The owner's internal token: at hand, or signed now. */
export interface OwnerTokens {
  cached(owner: string): string | undefined;
  sign(owner: string): Promise<string>;
}

/**
 * Replaces the request's headers by those that go upstream: the few that a client may set, who sent it
 * (`X-Forwarded-*`), a valid trace context, and, when `tokens` are given, the owner that {@link authenticate} found.
 */
export function outgoingHeaders(tokens: OwnerTokens | null): RequestHandler {
  return (req, res, next) => {
    const headers = passedOn(req);
    res.locals.clientCloses = CLOSE.test(req.headers.connection ?? "");
    req.headers = headers;
    if (tokens === null) return next();
    const owner = res.locals.owner as string;
    const token = tokens.cached(owner);
    if (token !== undefined) {
      headers[IDENTITY_HEADER] = token;
      return next();
    }
    return tokens.sign(owner).then((signed) => {
      headers[IDENTITY_HEADER] = signed;
      next();
    });
  };
}

const CLOSE = /\bclose\b/i;

function passedOn(req: Request): Request["headers"] {
  const given = req.headers;
  const headers: Request["headers"] = {
    host: given.host,
    "x-forwarded-for": req.socket.remoteAddress ?? "",
    "x-forwarded-proto": "http",
    "x-forwarded-host": given.host ?? "",
  };
  for (const name of PASSED) {
    const value = given[name];
    if (value !== undefined) headers[name] = value as string;
  }
  if (isTraceparent(given.traceparent)) {
    headers.traceparent = given.traceparent;
    if (typeof given.tracestate === "string") headers.tracestate = given.tracestate;
  } else headers.traceparent = newTraceparent();
  return headers;
}
