import type { IncomingHttpHeaders } from "node:http";
import type { Request, Response } from "express";
import type { Dispatcher } from "undici";
import { requestIdOf } from "../../platform/http/app.ts";
import { refuse } from "../problems.ts";
import { endToEnd, setHead } from "./answer-headers.ts";
import { Balancer, type BalancerOptions } from "./balancer.http.ts";
import { type ExchangeRequest, isTimeout } from "./exchange.http.ts";
import { TIMEOUT, UNAVAILABLE, type Upstream } from "./upstream.ts";

/**
 * A proxy to one service. One that cannot be reached is 502, one that does not answer in time 504, one that
 * dies while answering ends the client's connection, so that half an answer never looks whole. A client that
 * goes away takes its upstream request with it. `keyOf` says which requests of whom belong to one replica.
 */
export function createUpstream(options: BalancerOptions & { keyOf?: (owner: string) => number }): Upstream {
  const { name, log, keyOf } = options;
  const balancer = new Balancer(options);

  function onError(err: Error, req: Request, res: Response, diedAnswering: boolean): void {
    const timedOut = isTimeout(err);
    log.warn(
      { err, upstream: name, timedOut, diedAnswering, requestId: requestIdOf(req) },
      "upstream failed",
    );
    if (diedAnswering) res.destroy();
    else refuse(req, res, timedOut ? TIMEOUT : UNAVAILABLE);
  }

  return {
    handler: (req, res) => {
      // Gone while its token was verified or its body read: a close that has been would be waited for.
      if (res.destroyed) return;
      const headers = req.headers;
      // The upstream's certificate is checked for the name of the Host.
      if (balancer.isSecure) headers.host = undefined;
      const { owner, body } = res.locals;
      const request: ExchangeRequest = { method: req.method, path: req.url, headers, body };
      if (keyOf !== undefined && owner !== undefined) request.key = keyOf(owner);
      balancer.dispatch(request, new Answer(req, res, onError));
    },
    close: () => balancer.shutDown(),
  };
}

class ClientGone extends Error {}

type OnError = (err: Error, req: Request, res: Response, diedAnswering: boolean) => void;

/** Passes an answer back as it comes; what completes it leaves with its end, in one write. */
class Answer implements Dispatcher.DispatchHandler {
  readonly #req: Request;
  readonly #res: Response;
  readonly #onError: OnError;
  /** Bytes that are to come; NaN when the service does not say. */
  #missing = Number.NaN;
  #last: Buffer | undefined;
  #begun = false;
  #over = false;

  constructor(req: Request, res: Response, onError: OnError) {
    this.#req = req;
    this.#res = res;
    this.#onError = onError;
  }

  onRequestStart(exchange: Dispatcher.DispatchController): void {
    this.#res.once("close", () => {
      if (this.#over) return;
      this.#over = true;
      exchange.abort(new ClientGone("the client went away"));
    });
  }

  onResponseStart(
    _exchange: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    this.#begun = true;
    this.#missing = Number(headers["content-length"] ?? Number.NaN);
    this.#res.statusCode = status;
    setHead(this.#res, endToEnd(headers));
  }

  onResponseData(exchange: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#missing -= chunk.length;
    if (this.#missing === 0) this.#last = chunk;
    else if (!this.#res.write(chunk)) this.#wait(exchange);
  }

  #wait(exchange: Dispatcher.DispatchController): void {
    exchange.pause();
    this.#res.once("drain", () => exchange.resume());
  }

  onResponseEnd(): void {
    this.#over = true;
    this.#res.end(this.#last);
  }

  onResponseError(_exchange: Dispatcher.DispatchController, error: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#onError(error, this.#req, this.#res, this.#begun);
  }
}
