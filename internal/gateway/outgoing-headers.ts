import type { IncomingHttpHeaders } from "node:http";
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
  return async (req, res, next) => {
    const headers = passedOn(req);
    if (tokens !== null) {
      const owner = res.locals.owner as string;
      headers[IDENTITY_HEADER] = tokens.cached(owner) ?? (await tokens.sign(owner));
    }
    res.locals.clientCloses = /\bclose\b/i.test(req.headers.connection ?? "");
    req.headers = headers;
    next();
  };
}

function passedOn(req: Request): IncomingHttpHeaders {
  const given = req.headers;
  const headers: IncomingHttpHeaders = {
    host: given.host,
    "x-forwarded-for": req.socket.remoteAddress ?? "",
    "x-forwarded-proto": "http",
    "x-forwarded-host": given.host ?? "",
  };
  for (const name of PASSED) if (given[name] !== undefined) Object.assign(headers, { [name]: given[name] });
  if (isTraceparent(given.traceparent)) {
    headers.traceparent = given.traceparent;
    if (typeof given.tracestate === "string") headers.tracestate = given.tracestate;
  } else headers.traceparent = newTraceparent();
  return headers;
}
