import type { Request, RequestHandler } from "express";
import type { Identity } from "../platform/identity/identity.ts";
import { IDENTITY_HEADER, type IdentitySigner } from "../platform/identity/internal-token.ts";
import { isTraceparent, newTraceparent } from "../platform/trace/traceparent.ts";

/**
 * All that a client may say to a service behind the gateway. Whatever
 * else it sends, identity headers first of all, stops here.
 */
const PASSED = [
  "accept",
  "accept-language",
  "content-type",
  "content-encoding",
  "user-agent",
  "if-match",
  "if-none-match",
  "idempotency-key",
  "x-request-id",
] as const;

/**
 * Replaces the request's headers by those that go upstream: the few that a client may set, who sent it
 * (`X-Forwarded-*`), a valid trace context, and, when a `signer` is
 * given, the identity that {@link authenticate} found.
 */
export function outgoingHeaders(signer: IdentitySigner | null): RequestHandler {
  return async (req, res, next) => {
    const headers = passedOn(req);
    const body = res.locals.body as Buffer | undefined;
    // The length of the bytes at hand, never the client's word for it.
    if (body !== undefined) headers["content-length"] = String(body.length);
    else if (!NO_BODY.has(req.method)) headers["content-length"] = "0";
    res.locals.clientCloses = CLOSE.test(req.headers.connection ?? "");
    req.headers = headers;
    if (signer !== null) headers[IDENTITY_HEADER] = await signer.sign(res.locals.identity as Identity);
    next();
  };
}

const NO_BODY = new Set(["GET", "HEAD", "DELETE", "OPTIONS"]);

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
