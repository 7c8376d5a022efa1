import type { IncomingHttpHeaders } from "node:http";
import type { Request } from "express";
import { IDENTITY_HEADER } from "../../platform/identity/internal-token.ts";
import { activeTraceparent } from "../../platform/telemetry/telemetry.ts";
import { isTraceparent, newTraceparent } from "../../platform/trace/traceparent.ts";

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

/** What it may say besides of an answer that everybody may share. */
const PASSED_FOR_CACHES = ["accept-encoding", "cache-control"] as const;

const NO_BODY = new Set(["GET", "HEAD", "DELETE", "OPTIONS"]);

/**
 * The headers that go upstream: the few that a client may set, who sent it (`X-Forwarded-*`), a valid trace
 * context, the length of the body as read (never as the client declares it) and, where there is one, the
 * token that says whom the request acts for.
 */
export function outgoingHeaders(
  req: Request,
  body: Buffer | null,
  token: string | null,
  isCacheable: boolean,
): IncomingHttpHeaders {
  const given = req.headers;
  const headers: IncomingHttpHeaders = {
    // Of the connection, unless a trusted proxy says otherwise (Express' trust proxy).
    "x-forwarded-for": req.ip ?? "",
    "x-forwarded-proto": req.protocol,
    "x-forwarded-host": req.host ?? "",
  };
  // HTTP/1.0 has none; the client then sends that of the upstream.
  if (given.host !== undefined) headers.host = given.host;
  for (const name of PASSED) {
    const value = given[name];
    if (value !== undefined) headers[name] = value as string;
  }
  if (isCacheable) {
    for (const name of PASSED_FOR_CACHES) if (given[name] !== undefined) headers[name] = given[name];
  }
  const traceparent = activeTraceparent();
  if (isTraceparent(given.traceparent)) {
    headers.traceparent = traceparent ?? given.traceparent;
    if (typeof given.tracestate === "string") headers.tracestate = given.tracestate;
  } else headers.traceparent = traceparent ?? newTraceparent();
  if (body !== null) headers["content-length"] = String(body.length);
  else if (!NO_BODY.has(req.method)) headers["content-length"] = "0";
  if (token !== null) headers[IDENTITY_HEADER] = token;
  return headers;
}
