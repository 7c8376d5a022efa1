import { HttpMethod, KubeConfig, RequestContext } from "@kubernetes/client-node";
import { fetch, type Response } from "undici";
import type { Logger } from "../logger/logger.ts";
import type { Registry } from "../metrics/metrics.ts";
import { createCallCounter } from "./call-counter.ts";
import { keepConnections } from "./kube-connections.ts";
import { errorOf } from "./kube-error.ts";
import { type Outages, trackOutages } from "./outages.ts";
import { requestInfo } from "./request-info.ts";

export type PatchType = "apply-patch+yaml" | "merge-patch+json";
export type Query = Readonly<Record<string, string>>;

/** A longest time for one call, in ms. */
export interface Within {
  readonly timeoutMs?: number;
}

/** One line of a watch. */
export interface WatchEvent<T> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: T;
}

/** JSON over the Kubernetes API. */
export interface KubeClient {
  readonly outages: Outages;
  get<T>(path: string, query?: Query, within?: Within): Promise<T>;
  /** Resolves when the server has accepted the watch; it tells until it ends, breaks, or `signal` aborts. */
  watch<T>(path: string, query: Query, signal: AbortSignal): Promise<AsyncIterable<WatchEvent<T>>>;
  create<T>(path: string, body: unknown, within?: Within): Promise<T>;
  replace<T>(path: string, body: unknown, within?: Within): Promise<T>;
  /** With `apply-patch+yaml` a server-side apply that takes over contested fields. */
  patch<T>(path: string, type: PatchType, body: unknown, within?: Within): Promise<T>;
}

const TIMEOUT_MS = 10_000;

interface Call extends Within {
  readonly query?: Query;
  readonly body?: unknown;
  readonly contentType?: string;
}

/**
 * A client for the cluster that `config` names. Every call but a watch ends within ten seconds; an answer of
 * 400 and above is a `KubeError`, everything else that fails a lost connection. Nothing is
 * repeated here: callers reconcile again. Calls are counted in `registry`.
 */
export function createKubeClient(options: {
  config: KubeConfig;
  fieldManager: string;
  registry: Registry;
  log: Logger;
}): KubeClient {
  const { config, fieldManager, registry, log } = options;
  keepConnections(config);
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) throw new Error("the Kubernetes configuration names no cluster");
  const calls = createCallCounter(registry);

  /** Resolves with the headers of a success. */
  async function send(method: HttpMethod, path: string, call: Call, signal: AbortSignal): Promise<Response> {
    const url = new URL(server + path);
    for (const [name, value] of Object.entries(call.query ?? {})) url.searchParams.set(name, value);
    const context = new RequestContext(url.href, method);
    const info = requestInfo(method, path, call.query?.watch === "true");
    let code = 0;
    try {
      await config.applySecurityAuthentication(context);
      const dispatcher = context.getDispatcher();
      const response = await fetch(url, {
        method,
        headers: {
          ...context.getHeaders(),
          accept: "application/json",
          ...(call.body !== undefined && { "content-type": call.contentType ?? "application/json" }),
        },
        ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
        ...(dispatcher && { dispatcher }),
        signal,
      });
      code = response.status;
      if (response.ok) return response;
      throw errorOf(code, await response.text(), response.headers.get("retry-after"));
    } finally {
      calls.inc({ ...info, code: String(code) });
    }
  }

  async function json<T>(method: HttpMethod, path: string, call: Call): Promise<T> {
    const response = await send(method, path, call, AbortSignal.timeout(call.timeoutMs ?? TIMEOUT_MS));
    return (await response.json()) as T;
  }

  const write = { fieldManager };
  return {
    outages: trackOutages(log),
    get: (path, query, within) => json(HttpMethod.GET, path, { ...within, ...(query && { query }) }),
    watch: async (path, query, signal) => {
      const unanswered = new AbortController();
      const timer = setTimeout(
        () => unanswered.abort(new Error(`no answer within ${TIMEOUT_MS} ms`)),
        TIMEOUT_MS,
      );
      try {
        const either = AbortSignal.any([signal, unanswered.signal]);
        const call = { query: { ...query, watch: "true" } };
        return eventsOf(await send(HttpMethod.GET, path, call, either));
      } finally {
        clearTimeout(timer);
      }
    },
    create: (path, body, within) => json(HttpMethod.POST, path, { ...within, body, query: write }),
    replace: (path, body, within) => json(HttpMethod.PUT, path, { ...within, body, query: write }),
    patch: (path, type, body, within) =>
      json(HttpMethod.PATCH, path, {
        ...within,
        body,
        contentType: `application/${type}`,
        query: type === "apply-patch+yaml" ? { ...write, force: "true" } : write,
      }),
  };
}

/** One JSON object a line; throws on anything else, and when the connection is lost. */
async function* eventsOf<T>({ body }: Response): AsyncGenerator<WatchEvent<T>> {
  if (!body) return;
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split("\n");
    rest = lines.pop()!;
    for (const line of lines) yield JSON.parse(line) as WatchEvent<T>;
  }
}

/** The configuration of the pod's service account, or of KUBECONFIG outside a cluster. */
export function loadKubeConfig(): KubeConfig {
  const config = new KubeConfig();
  config.loadFromDefault();
  return config;
}
