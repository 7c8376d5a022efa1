import { Agent, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { Request, RequestHandler, Response } from "express";
import { createProxyMiddleware } from "http-proxy-middleware";
import { pathOf, requestIdOf } from "../platform/http/app.ts";
import type { Logger } from "../platform/logger/logger.ts";
import { type Problem, sendProblem } from "../platform/problem/problem.ts";

export interface Upstream {
  readonly handler: RequestHandler;
  close(): void;
}

const UNAVAILABLE: Problem = {
  code: "UPSTREAM_UNAVAILABLE",
  detail:
    "The service behind the gateway cannot be reached; please try again, with the same Idempotency-Key if this was a change.",
  headers: { "retry-after": "1" },
};

const TIMEOUT: Problem = {
  code: "UPSTREAM_TIMEOUT",
  detail: "The service behind the gateway took too long; the request may have had its effect.",
};

/**
 * A proxy to one service over kept-alive connections. An upstream that cannot be reached is 502, one that does not answer within
 * `timeoutMs` 504, one that dies while answering ends the client's connection, so that half an answer never
 * looks whole. A client that goes away takes its upstream request with it.
 */
export function createUpstream(options: {
  name: string;
  target: string;
  timeoutMs: number;
  log: Logger;
}): Upstream {
  const { name, target, timeoutMs, log } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: 512, maxFreeSockets: 128, scheduling: "lifo" });
  const proxy = createProxyMiddleware<Request, Response>({
    target,
    agent,
    proxyTimeout: timeoutMs,
    router: (_req, res, proxied) => {
      const body = res?.locals.body as Buffer | undefined;
      if (body !== undefined) proxied.buffer = Readable.from(body.length > 0 ? [body] : []);
      return target;
    },
    on: {
      proxyReq: (proxyReq, _req, res) => {
        proxyReq.once("timeout", () => {
          res.locals.timedOut = true;
        });
      },
      proxyRes: (proxyRes, _req, res) => {
        delete proxyRes.headers["keep-alive"];
        delete proxyRes.headers["x-powered-by"];
        const closing = res.getHeader("connection") === "close" || res.locals.clientCloses;
        proxyRes.headers.connection = closing ? "close" : "keep-alive";
      },
      error: (err, req, res) => {
        const response = res as ServerResponse & { locals: { timedOut?: boolean; failed?: boolean } };
        if (response.destroyed || response.locals.failed) return;
        response.locals.failed = true;
        const timedOut = response.locals.timedOut === true;
        log.warn({ err, upstream: name, timedOut, requestId: requestIdOf(req) }, "upstream failed");
        sendProblem(response, pathOf(req), timedOut ? TIMEOUT : UNAVAILABLE);
      },
    },
  });
  return {
    handler: (req, res, next) => {
      res.locals.route = name;
      void proxy(req, res, next);
    },
    close: () => agent.destroy(),
  };
}
