import type { IncomingHttpHeaders } from "node:http";
import { type Dispatcher, errors } from "undici";
import { DEADLINE_HEADER } from "../../platform/http/deadline.ts";
import { mayRepeat } from "./may-repeat.ts";
import type { AttemptResult, UpstreamMetrics } from "./metrics.ts";
import type { Replica } from "./replicas.http.ts";
import type { RetryBudget } from "./retry-budget.ts";

/** The service did not begin to answer in time. */
export class UpstreamTimeout extends Error {
  readonly code = "UPSTREAM_TIMEOUT";
}

const TIMEOUTS = new Set(["UPSTREAM_TIMEOUT", "UND_ERR_CONNECT_TIMEOUT", "UND_ERR_BODY_TIMEOUT"]);

/** Whether an exchange failed for its time: in all, to connect, or between two parts of an answer. */
export function isTimeout(error: Error): boolean {
  return TIMEOUTS.has((error as NodeJS.ErrnoException).code ?? "");
}

/**
 * Attempts at one request at most, those that found no connection included: one for each address up to three,
 * but two where there is one alone, which may be a load balancer's.
 */
const mostAttempts = (addresses: number) => Math.min(Math.max(addresses, 2), 3);

/** What all exchanges with one service share. */
export interface ExchangeScene {
  readonly timeoutMs: number;
  readonly budget: RetryBudget;
  readonly metrics: UpstreamMetrics;
  addresses(): number;
  /** The replica for the next attempt; `tried` are those that have failed. */
  choose(key: number | undefined, tried: readonly Replica[]): Replica;
}

/** What is asked: as undici takes it, with headers by name. */
export interface ExchangeRequest extends Dispatcher.DispatchOptions {
  headers: IncomingHttpHeaders;
  /** Requests of one key go to one replica where that can be. */
  key?: number;
}

/**
 * One request on its way: through its attempts, until one is answered or none may follow. An attempt that
 * found no connection has sent nothing, so another one follows for any request; one that was sent is followed
 * by one other, if {@link mayRepeat} and the budget allow it, and only before any byte of an answer.
 */
export class Exchange implements Dispatcher.DispatchHandler, Dispatcher.DispatchController {
  readonly #scene: ExchangeScene;
  readonly #request: ExchangeRequest;
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #timer: NodeJS.Timeout;
  readonly #tried: Replica[] = [];
  #replica: Replica | null = null;
  #connection: Dispatcher.DispatchController | null = null;
  /** A byte of the answer has come, and its headers have. */
  #answering = false;
  #begun = false;
  #repeated = false;
  #ended = false;
  aborted = false;
  reason: Error | null = null;

  constructor(scene: ExchangeScene, request: ExchangeRequest, handler: Dispatcher.DispatchHandler) {
    this.#scene = scene;
    const deadline = String(Date.now() + scene.timeoutMs);
    this.#request = { ...request, headers: { ...request.headers, [DEADLINE_HEADER]: deadline } };
    this.#handler = handler;
    this.#timer = setTimeout(onDeadline, scene.timeoutMs, this);
  }

  begin(): void {
    this.#scene.budget.countRequest();
    this.#handler.onRequestStart?.(this, {});
    if (!this.#ended) this.#attempt();
  }

  #attempt(): void {
    const replica = this.#scene.choose(this.#request.key, this.#tried);
    this.#replica = replica;
    this.#connection = null;
    replica.outstanding++;
    const { prefix } = replica;
    const request = prefix === "" ? this.#request : { ...this.#request, path: prefix + this.#request.path };
    replica.connections.dispatch(request, this);
  }

  get paused(): boolean {
    return this.#connection?.paused ?? false;
  }
  pause(): void {
    this.#connection?.pause();
  }
  resume(): void {
    this.#connection?.resume();
  }

  /** Ends the request, for the client's sake or because its time is up. */
  abort(reason: Error): void {
    if (this.#ended || this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    if (this.#connection !== null) this.#connection.abort(reason);
    // It waits for a connection; when it gets one, it will not be sent.
    else this.#failed(reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#ended) controller.abort(this.reason!);
    else this.#connection = controller;
  }

  onResponseStarted(): void {
    this.#answering = true;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
    statusMessage?: string,
  ): void {
    if (status < 200 || this.#ended) return;
    this.#begun = true;
    clearTimeout(this.#timer);
    this.#replica!.ejection.answered();
    this.#scene.metrics.attempt("answered");
    this.#handler.onResponseStart?.(this, status, headers, statusMessage);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#ended) this.#handler.onResponseData?.(this, chunk);
  }

  onResponseEnd(_controller: Dispatcher.DispatchController, trailers: IncomingHttpHeaders): void {
    if (this.#ended) return;
    this.#end();
    this.#handler.onResponseEnd?.(this, trailers);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (!this.#ended) this.#failed(this.reason ?? error);
  }

  /** An attempt has come to nothing: another one follows, or the request ends with it. */
  #failed(error: Error): void {
    const replica = this.#release();
    const result = this.#resultOf(error);
    // An invalid argument is a fault of ours, and no sign of the service.
    const isOurs = error instanceof errors.InvalidArgumentError;
    if (replica === null || isOurs || !this.#mayFollow(replica, result)) {
      this.#end();
      this.#handler.onResponseError?.(this, error);
      return;
    }
    this.#scene.metrics.retry(result);
    // Not within the event: the client is still putting the failed connection away.
    queueMicrotask(() => {
      if (!this.#ended) this.#attempt();
    });
  }

  /** Notes what became of an attempt; true when another one may follow. */
  #mayFollow(replica: Replica, result: AttemptResult): boolean {
    if (result !== "client_gone") replica.ejection.failed();
    if (this.#begun) return false;
    this.#scene.metrics.attempt(result);
    this.#tried.push(replica);
    if (this.aborted || this.#tried.length === mostAttempts(this.#scene.addresses())) return false;
    return result === "not_connected" || this.#mayRepeat();
  }

  #mayRepeat(): boolean {
    const { method, headers } = this.#request;
    if (this.#answering || this.#repeated || !mayRepeat(method, headers)) return false;
    this.#repeated = this.#scene.budget.take();
    if (!this.#repeated) this.#scene.metrics.budgetExhausted();
    return this.#repeated;
  }

  #resultOf(error: Error): AttemptResult {
    if (error instanceof UpstreamTimeout) return "timeout";
    if (this.aborted) return "client_gone";
    return this.#connection === null ? "not_connected" : "no_answer";
  }

  #end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#release();
  }

  #release(): Replica | null {
    const replica = this.#replica;
    if (replica !== null) replica.outstanding--;
    this.#replica = null;
    return replica;
  }
}

function onDeadline(exchange: Exchange): void {
  exchange.abort(new UpstreamTimeout("no answer in time"));
}
