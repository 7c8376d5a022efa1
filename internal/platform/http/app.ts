import { randomUUID } from "node:crypto";
import express, { type ErrorRequestHandler, type Express, type Request, type RequestHandler } from "express";
import type { Logger } from "../logger/logger.ts";
import { createTracedHistogram } from "../metrics/exemplars.ts";
import { DURATION_BUCKETS, type Registry } from "../metrics/metrics.ts";
import { HTTP_PROBLEMS, mergeCatalogues, type ProblemCatalogue } from "../problem/catalogue.ts";
import { ProblemError } from "../problem/problem.ts";
import { type Span, startSpan, within } from "../telemetry/telemetry.ts";
import { isTraceparent } from "../trace/traceparent.ts";
import { pathOf, refuse } from "./refuse.ts";

/** The label of a request that no route is for. */
const UNMATCHED = "unmatched";

const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

/**
 * An Express app with what every process of ours needs around its routes: a request id (`X-Request-Id`,
 * taken over when well-formed, answered always), `http_request_duration_seconds{route,method,status}`, 404
 * for unknown routes and one place where errors become problem+json. `routes` adds the process's own,
 * `problems` are the codes that these may answer, besides those that every server has.
 */
export function createApp(options: {
  log: Logger;
  registry: Registry;
  problems?: ProblemCatalogue;
  /** Whether clients come through a gateway alone, which says what it took off their paths. */
  isBehindGateway?: boolean;
  routes: (app: Express) => void;
}): Express {
  const app = express();
  app.locals.problems = mergeCatalogues([HTTP_PROBLEMS, options.problems ?? {}]);
  app.locals.isBehindGateway = options.isBehindGateway;
  app.disable("x-powered-by");
  app.set("etag", false);
  app.set("query parser", "simple");
  app.use(instrument(options.log, options.registry));
  app.use(answerForServer);
  options.routes(app);
  app.use((req, res) =>
    refuse(req, res, {
      code: "NOT_FOUND",
      detail: "There is nothing at this path.",
      errors: [{ field: "path", message: "is not a route of this API" }],
    }),
  );
  app.use(errorHandler(options.log));
  return app;
}

/** `OPTIONS *` asks what the server as a whole takes (RFC 9110 section 9.3.7). */
const answerForServer: RequestHandler = (req, res, next) => {
  if (req.url !== "*") return next();
  res.locals.route = "*";
  res.writeHead(204, { allow: "GET, HEAD, POST, PUT, DELETE, OPTIONS" }).end();
};

/** The request id that {@link createApp} gave this request. */
export function requestIdOf(req: Request): string {
  return req.headers["x-request-id"] as string;
}

function instrument(log: Logger, registry: Registry): RequestHandler {
  const duration = createTracedHistogram({
    name: "http_request_duration_seconds",
    help: "Time from request to the end of the response",
    labelNames: ["route", "method", "status"],
    buckets: DURATION_BUCKETS,
    registry,
  });
  const debug = log.isLevelEnabled("debug");
  return (req, res, next) => {
    const startedAt = performance.now();
    const given = req.headers["x-request-id"];
    const id = typeof given === "string" && REQUEST_ID.test(given) ? given : randomUUID();
    req.headers["x-request-id"] = id;
    res.setHeader("x-request-id", id);
    const span = startServerSpan(req);
    res.once("close", () => {
      const seconds = (performance.now() - startedAt) / 1000;
      const route = req.route ? req.baseUrl + req.route.path : (res.locals.route ?? UNMATCHED);
      const status = res.writableFinished ? String(res.statusCode) : "aborted";
      const method = knownMethod(req.method);
      duration.observe({ route, method, status }, seconds, span?.traceparent ?? null);
      if (span !== null) endServerSpan(span, req, { route, method, status });
      if (debug)
        within(span, () =>
          log.debug({ requestId: id, method: req.method, path: pathOf(req), status, seconds }, "request"),
        );
    });
    within(span, next);
  };
}

/** The span of a request, within the caller's trace where it names one; null while telemetry is off. */
function startServerSpan(req: Request): Span | null {
  const { traceparent } = req.headers;
  const parent = isTraceparent(traceparent) ? traceparent : null;
  return startSpan({ name: knownMethod(req.method), kind: "server", parent });
}

function endServerSpan(
  span: Span,
  req: Request,
  { route, method, status }: Record<"route" | "method" | "status", string>,
) {
  const known = route !== UNMATCHED;
  if (known) span.rename(`${method} ${route}`);
  const code = Number(status);
  span.set({
    "http.request.method": method === "other" ? "_OTHER" : method,
    ...(known && { "http.route": route }),
    "url.path": pathOf(req),
    "url.scheme": req.protocol,
    ...(Number.isNaN(code) ? { "error.type": "aborted" } : { "http.response.status_code": code }),
  });
  span.end(code >= 500 ? new Error(`answered ${status}`) : undefined);
}

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

function knownMethod(method: string): string {
  return METHODS.has(method) ? method : "other";
}

function errorHandler(log: Logger): ErrorRequestHandler {
  return (error: unknown, req, res, _next) => {
    if (error instanceof ProblemError) {
      refuse(req, res, error.problem);
      return;
    }
    if (error instanceof URIError) {
      refuse(req, res, {
        code: "INVALID_REQUEST",
        detail: "The path is not valid percent-encoding.",
        errors: [{ field: "path", message: "must be valid percent-encoded UTF-8" }],
      });
      return;
    }
    log.error({ err: error, requestId: requestIdOf(req), path: pathOf(req) }, "request failed");
    refuse(req, res, {
      code: "INTERNAL",
      detail: `Please try again; if it persists, report request id ${requestIdOf(req)}.`,
    });
  };
}
