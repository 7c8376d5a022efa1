import { Agent, type ClientRequest, type IncomingMessage } from "node:http";
import { Agent as TlsAgent } from "node:https";
import { Readable } from "node:stream";
import type { Request, RequestHandler, Response } from "express";
import { createProxyMiddleware, type Options } from "http-proxy-middleware";
import { requestIdOf } from "../platform/http/app.ts";
import { closeUnused } from "../platform/http/kept-connections.ts";
import type { Logger } from "../platform/logger/logger.ts";
import { refuse } from "./problems.ts";
import { NOT_PASSED_BACK, TIMEOUT, UNAVAILABLE, type Upstream } from "./upstream.ts";

/**
 * A proxy to one service over kept-alive connections. An upstream that cannot be reached is 502, one that
 * does not answer within `timeoutMs` 504, one that dies while answering ends the client's connection, so that
 * half an answer never looks whole. A client that goes away takes its upstream request with it. A request
 * that provably changed nothing, or that may be repeated, is sent once more, with its whole body.
 */
export function createUpstream(options: {
  name: string;
  target: string;
  timeoutMs: number;
  log: Logger;
}): Upstream {
  const { name, target, timeoutMs, log } = options;
  const where = parsed(target);
  const overTls = where.protocol === "https:";
  const agent = new (overTls ? TlsAgent : Agent)({
    keepAlive: true,
    maxSockets: 512,
    maxFreeSockets: 128,
    scheduling: "lifo",
    // Unlike a request's timeout, the agent's also covers the time until a connection stands.
    timeout: timeoutMs,
  });
  const stopLooking = closeUnused(agent);

  function onError(err: Error, req: Request, res: Response): void {
    const diedAnswering = res.errored === err;
    if (res.locals.failed || (res.destroyed && !diedAnswering)) return;
    if (!diedAnswering && !res.locals.retried && mayRepeat(err, req, res)) {
      res.locals.retried = true;
      proxy(req, res, req.next!);
      return;
    }
    res.locals.failed = true;
    const timedOut = err instanceof UpstreamTimeout;
    log.warn(
      { err, upstream: name, timedOut, diedAnswering, requestId: requestIdOf(req) },
      "upstream failed",
    );
    if (!diedAnswering) refuse(req, res, timedOut ? TIMEOUT : UNAVAILABLE);
  }

  const settings: Options<Request, Response> = {
    target: where,
    agent,
    // The name of the request's Host is the one that the upstream's certificate is checked for.
    changeOrigin: overTls,
    // The library's own plugins write a log line for each request, at a tenth of the cost of the whole.
    ejectPlugins: true,
    plugins: [
      (server) => {
        server.on("error", (err, req, res) => {
          if (req && res && "locals" in res) onError(err, req, res);
        });
        server.on("proxyReq", (proxyReq, _req, res) => {
          res.locals.proxyReq = proxyReq;
          // The agent's timeout: one for each request would cost more than all our headers.
          proxyReq.once("timeout", onTimeout);
        });
        server.on("proxyRes", cleanAnswer);
      },
    ],
  };
  const streaming = createProxyMiddleware<Request, Response>(settings);
  const buffered = createProxyMiddleware<Request, Response>({
    ...settings,
    router: (_req, res, proxied) => {
      const body = res?.locals.body as Buffer;
      proxied.buffer = Readable.from(body.length > 0 ? [body] : []);
      return where;
    },
  });
  const proxy: RequestHandler = (req, res, next) =>
    void (res.locals.body === undefined ? streaming : buffered)(req, res, next);

  return {
    handler: (req, res, next) => {
      // Gone while its token was verified or its body read: the proxy would wait for a close that has been.
      if (res.destroyed) return;
      proxy(req, res, next);
    },
    close: () => {
      stopLooking();
      agent.destroy();
    },
  };
}

/** The target in the form that the proxy takes as it is; a string it would parse for each request. */
function parsed(target: string) {
  const { protocol, hostname, port, pathname } = new URL(target);
  return { protocol, hostname: hostname.replace(/^\[|\]$/g, ""), port, pathname };
}

class UpstreamTimeout extends Error {}

function onTimeout(this: ClientRequest): void {
  this.destroy(new UpstreamTimeout("no answer in time"));
}

/** True when the upstream cannot have acted on the request, or acting twice comes to the same. */
function mayRepeat(err: NodeJS.ErrnoException, req: Request, res: Response): boolean {
  if (err.code === "ECONNREFUSED") return true;
  const proxyReq = res.locals.proxyReq as ClientRequest | undefined;
  const wasKept = err.code === "ECONNRESET" && proxyReq?.reusedSocket === true;
  const isRead = req.method === "GET" || req.method === "HEAD";
  return wasKept && !res.headersSent && (isRead || req.headers["idempotency-key"] !== undefined);
}

/** Leaves out what is only between gateway and upstream; the client's connection closes by its own rules. */
function cleanAnswer(proxyRes: IncomingMessage, _req: Request, res: Response): void {
  const { headers } = proxyRes;
  // Not deleted: that would turn the object into a slow one. The proxy leaves
  // out what is undefined. And Node's agent must not see Keep-Alive, or it would
  // set the connection's timeout, and so the next request's, by it.
  for (const name of NOT_PASSED_BACK) if (headers[name] !== undefined) headers[name] = undefined;
  const ours = res.getHeader("vary");
  if (ours !== undefined && headers.vary !== undefined) headers.vary = `${ours}, ${headers.vary}`;
  const closing = res.getHeader("connection") === "close" || res.locals.clientCloses;
  headers.connection = closing ? "close" : "keep-alive";
}
