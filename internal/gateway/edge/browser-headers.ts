import cors from "cors";
import type { RequestHandler } from "express";
import helmet from "helmet";

/** For how long (s) a browser remembers the answer to a preflight; browsers bound it themselves. */
const PREFLIGHT_SECONDS = 600;

/** What pages of other origins may send beside the headers that every page may. */
const REQUEST_HEADERS = [
  "Authorization",
  "Content-Type",
  "Idempotency-Key",
  "If-Match",
  "If-None-Match",
  "X-Request-Id",
  "traceparent",
  "tracestate",
];

/** What they may read beside the body and the headers that every page may. */
const RESPONSE_HEADERS = [
  "Age",
  "Cache-Status",
  "ETag",
  "Idempotent-Replayed",
  "Location",
  "Outbox-State",
  "RateLimit",
  "RateLimit-Policy",
  "Retry-After",
  "X-Request-Id",
];

/**
 * What browsers want of an API: headers that keep its answers from being taken for pages (helmet), HSTS for
 * `hstsSeconds` (0 for none: TLS is the ingress's), and CORS for pages of `corsOrigins` (`*` for all; no
 * cookie is ever read, so credentials are not allowed). A preflight is answered here, without a token and
 * uncounted by the limits; without origins it is a request like any other.
 */
export function browserHeaders(options: {
  corsOrigins: readonly string[];
  hstsSeconds: number;
}): readonly RequestHandler[] {
  const { corsOrigins, hstsSeconds } = options;
  const harden = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
    // Whether a page of another origin may read an answer is for CORS to say.
    crossOriginResourcePolicy:
      corsOrigins.length > 0 ? { policy: "cross-origin" } : { policy: "same-origin" },
    strictTransportSecurity: hstsSeconds > 0 ? { maxAge: hstsSeconds, includeSubDomains: false } : false,
    // Of pages and their windows, or of browsers of the past.
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
  });
  if (corsOrigins.length === 0) return [harden];
  const share = cors({
    origin: corsOrigins.includes("*") ? "*" : [...corsOrigins],
    methods: ["GET", "HEAD", "POST", "PUT", "DELETE"],
    allowedHeaders: REQUEST_HEADERS,
    exposedHeaders: RESPONSE_HEADERS,
    maxAge: PREFLIGHT_SECONDS,
  });
  const shareAll: RequestHandler = (req, res, next) => {
    if (req.method !== "OPTIONS") return share(req, res, next);
    // What asks for no method is not a preflight.
    if (req.headers["access-control-request-method"] === undefined) return next();
    res.locals.route = "preflight";
    share(req, res, next);
  };
  return [harden, shareAll];
}
