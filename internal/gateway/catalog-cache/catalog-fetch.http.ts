import { type Dispatcher, interceptors } from "undici";
import type { Head } from "../upstream/answer-headers.ts";
import { Balancer, type BalancerOptions } from "../upstream/balancer.http.ts";
import { type ExchangeRequest, isTimeout, UpstreamTimeout } from "../upstream/exchange.http.ts";
import { keptHead, sharableHead } from "./cache-answers.ts";
import { NOT_IN_KEY } from "./cache-forwarded.ts";
import type { AnswerStore, StoredAnswer } from "./cache-store.http.ts";

type Dispatch = Dispatcher.Dispatch;
type Handler = Dispatcher.DispatchHandler;

/** The largest answer in bytes that is passed on. */
const MOST_BYTES = 8 * 1024 * 1024;

/** The state of one request between the cache and the catalog. */
export interface ForwardingState {
  /** What was kept when it came. */
  readonly kept: StoredAnswer | undefined;
  readonly onlyIfCached: boolean;
  /** Whether the cache forwarded it towards the catalog. */
  forwarded: boolean;
  /** Whether it did so itself, and not by another's request that was under way. */
  sent: boolean;
  /** Whether the other's answer was not for everybody. */
  unshared: boolean;
  /** What the catalog answered. */
  status: number | undefined;
  /** The head of an answer of the catalog's, as the cache was given it: of what it keeps it gives copies. */
  head: Head | undefined;
}

/** undici hands on what it does not know of a request's options. */
export type FetchOptions = Dispatcher.DispatchOptions & { readonly forwarding: ForwardingState };

export class FetchTimeout extends UpstreamTimeout {}
class NotAsked extends Error {}

export type CatalogFetch = ReturnType<typeof createCatalogFetch>;

/**
 * GET requests to the catalog through undici's cache over its deduplication: of those that ask the same at
 * the same time one is sent. `timeoutMs` bounds a whole exchange, from waiting for a connection to the last
 * byte; which address is asked, and how often, is the balancer's to say. A failure is logged once, however
 * many wait.
 */
export function createCatalogFetch(options: BalancerOptions & { store: AnswerStore }) {
  const { name, store, timeoutMs, log } = options;
  const balancer = new Balancer({ ...options, mostBytes: MOST_BYTES });
  const send: Dispatch = (request, handler) => {
    const { forwarding } = request as FetchOptions;
    forwarding.sent = true;
    return balancer.dispatch(request as ExchangeRequest, exchange(handler, { timeoutMs, report }));

    function report(err: Error) {
      const requestId = (request.headers as Record<string, string>)["x-request-id"];
      log.warn({ err, upstream: name, timedOut: err instanceof FetchTimeout, requestId }, "upstream failed");
    }
  };
  const sendOnce = interceptors.deduplicate({ excludeHeaderNames: NOT_IN_KEY })(send);
  const cached = interceptors.cache({ store, type: "shared" })(forwardTo(sendOnce, send));
  return {
    dispatch: (request: FetchOptions, handler: Handler): boolean => cached(request, handler),
    close: () => balancer.shutDown(),
  };
}

/** One exchange with the catalog, as `handler` sees it: over in `timeoutMs`, its last byte included. */
function exchange(
  handler: Handler,
  { timeoutMs, report }: { timeoutMs: number; report: (err: Error) => void },
): Handler {
  let over = false;
  let current: Dispatcher.DispatchController | undefined;
  const timer = setTimeout(() => fail(new FetchTimeout("no answer in time")), timeoutMs);

  function fail(err: Error) {
    if (over) return;
    over = true;
    clearTimeout(timer);
    report(err);
    handler.onResponseError?.(current as Dispatcher.DispatchController, err);
    current?.abort(err);
  }

  return {
    onRequestStart: (controller, context) => {
      current = controller;
      if (over) controller.abort(new FetchTimeout("it waited too long for a connection"));
      else handler.onRequestStart?.(controller, context);
    },
    onResponseStart: (controller, status, headers, message) => {
      // What comes before the answer (1xx) is between the catalog and us.
      if (over || status < 200) return;
      handler.onResponseStart?.(controller, status, headers, message);
    },
    onResponseData: (controller, chunk) => {
      if (!over) handler.onResponseData?.(controller, chunk);
    },
    onResponseEnd: (controller, trailers) => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      handler.onResponseEnd?.(controller, trailers);
    },
    onResponseError: (_controller, err) => {
      fail(timeoutOf(err));
    },
  };
}

const timeoutOf = (err: Error) =>
  isTimeout(err) ? new FetchTimeout("no answer in time", { cause: err }) : err;

/**
 * What stands between the cache and the deduplication. The catalog hears nothing of the client's
 * Cache-Control. An answer that is not for everybody is not shared: whoever waited for another's asks
 * itself. And a 304 reaches the cache as the whole answer that it confirms: undici's cache would else give
 * that answer as a stale one, and forget it.
 */
function forwardTo(sendOnce: Dispatch, send: Dispatch): Dispatch {
  return function forward(given, handler) {
    const { forwarding } = given as FetchOptions;
    forwarding.forwarded = true;
    if (forwarding.onlyIfCached) {
      handler.onResponseError?.(undefined as never, new NotAsked("only-if-cached"));
      return true;
    }
    const { "cache-control": _, ...headers } = given.headers as Record<string, string>;
    const request = { ...given, headers };
    return sendOnce(request, receive(false));

    function receive(alone: boolean): Handler {
      let left = false;
      return {
        onRequestStart: (controller, context) => {
          if (!alone) handler.onRequestStart?.(controller, context);
        },
        onResponseStart: (controller, status, given, message) => {
          const head = keptHead(given);
          const answer = (status: number, head: Head, message: string | undefined) => {
            forwarding.head = head;
            handler.onResponseStart?.(controller, status, head, message);
          };
          forwarding.status = status;
          if (!forwarding.sent && !sharableHead(head)) {
            left = true;
            forwarding.unshared = true;
            controller.abort(new NotAsked("the answer is another's"));
            send(request, receive(true));
            return;
          }
          const { kept } = forwarding;
          if (status !== 304 || kept === undefined) return answer(status, head, message);
          if (!confirms(head, kept)) {
            // Not aborted: others may wait for it, and there is no body to come.
            left = true;
            send({ ...request, headers: unconditional(headers) }, receive(true));
            return;
          }
          answer(kept.statusCode, freshened(kept, head), kept.statusMessage);
          for (const chunk of kept.body) handler.onResponseData?.(controller, chunk);
        },
        onResponseData: (controller, chunk) => {
          if (!left) handler.onResponseData?.(controller, chunk);
        },
        onResponseEnd: (controller, trailers) => {
          if (!left) handler.onResponseEnd?.(controller, trailers);
        },
        onResponseError: (controller, err) => {
          if (!left) handler.onResponseError?.(controller, err);
        },
      };
    }
  };
}

/** Whether a 304 is about the answer that is kept (RFC 9111 section 4.3.4). */
function confirms(head: Head, kept: StoredAnswer): boolean {
  const bare = (tag: string | string[] | undefined) => `${tag}`.replace(/^W\//, "");
  return head.etag === undefined || bare(head.etag) === bare(kept.etag);
}

/** The kept head with what the 304 says anew, but for what is about the body. */
function freshened(kept: StoredAnswer, head: Head): Head {
  const news = Object.entries(head).filter(([name]) => !/^content-(length|encoding|type|range)$/.test(name));
  return { ...kept.headers, ...Object.fromEntries(news) };
}

function unconditional(headers: Record<string, string>): Record<string, string> {
  const { "if-none-match": _tag, "if-modified-since": _date, ...others } = headers;
  return others;
}
