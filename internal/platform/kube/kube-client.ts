import { HttpMethod, KubeConfig, RequestContext } from "@kubernetes/client-node";
import { fetch } from "undici";

/**
 * An answer of the API server that is not a success. `code` is the HTTP status; `reason` as in metav1.Status.
 */
export class KubeError extends Error {
  override readonly name = "KubeError";
  readonly code: number;
  readonly reason: string;
  /** What the server asks to wait before the next try, in ms; 0 when it says nothing. */
  readonly retryAfterMs: number;

  constructor(code: number, reason: string, message: string, retryAfterMs: number) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}

export type PatchType = "apply-patch+yaml" | "merge-patch+json";

/** JSON over the Kubernetes API. */
export interface KubeClient {
  /** For the watch of `watch-list.ts`. */
  readonly config: KubeConfig;
  get<T>(path: string, query?: Readonly<Record<string, string>>): Promise<T>;
  create<T>(path: string, body: unknown): Promise<T>;
  replace<T>(path: string, body: unknown): Promise<T>;
  /** With `apply-patch+yaml` a server-side apply that takes over contested fields. */
  patch<T>(path: string, type: PatchType, body: unknown): Promise<T>;
}

const TIMEOUT_MS = 10_000;

/**
 * A client for the cluster that `config` names. Every call ends within ten seconds;
 * an answer of 400 and above is a {@link KubeError}, everything else that fails a
 * lost connection. Nothing is repeated here: callers reconcile again.
 */
export function createKubeClient(config: KubeConfig, fieldManager: string): KubeClient {
  keepConnections(config);
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) throw new Error("the Kubernetes configuration names no cluster");

  async function request<T>(
    method: HttpMethod,
    path: string,
    options: { query?: Readonly<Record<string, string>>; body?: unknown; contentType?: string } = {},
  ): Promise<T> {
    const url = new URL(server + path);
    for (const [name, value] of Object.entries(options.query ?? {})) url.searchParams.set(name, value);
    const context = new RequestContext(url.href, method);
    await config.applySecurityAuthentication(context);
    const dispatcher = context.getDispatcher();
    const response = await fetch(url, {
      method,
      headers: {
        ...context.getHeaders(),
        accept: "application/json",
        ...(options.body !== undefined && { "content-type": options.contentType ?? "application/json" }),
      },
      ...(options.body !== undefined && { body: JSON.stringify(options.body) }),
      ...(dispatcher && { dispatcher }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    if (response.ok) return JSON.parse(text) as T;
    const seconds = Number(response.headers.get("retry-after") ?? 0);
    throw errorOf(response.status, text, Number.isFinite(seconds) ? seconds * 1_000 : 0);
  }

  const write = { fieldManager };
  return {
    config,
    get: (path, query) => request(HttpMethod.GET, path, query ? { query } : {}),
    create: (path, body) => request(HttpMethod.POST, path, { body, query: write }),
    replace: (path, body) => request(HttpMethod.PUT, path, { body, query: write }),
    patch: (path, type, body) =>
      request(HttpMethod.PATCH, path, {
        body,
        contentType: `application/${type}`,
        query: type === "apply-patch+yaml" ? { ...write, force: "true" } : write,
      }),
  };
}

function errorOf(status: number, text: string, retryAfterMs: number): KubeError {
  try {
    const { reason = "", message = text } = JSON.parse(text) as { reason?: string; message?: string };
    return new KubeError(status, reason, message, retryAfterMs);
  } catch {
    return new KubeError(status, "", text.slice(0, 500), retryAfterMs);
  }
}

/**
 * The configuration makes a new agent, and with it a TLS connection, for every call; one for all is enough.
 */
function keepConnections(config: KubeConfig): void {
  const create = config["createDispatcher"].bind(config);
  let made: ReturnType<typeof create> | undefined;
  config["createDispatcher"] = (...args: Parameters<typeof create>) => {
    made ??= create(...args);
    return made;
  };
}

/** The configuration of the pod's service account, or of KUBECONFIG outside a cluster. */
export function loadKubeConfig(): KubeConfig {
  const config = new KubeConfig();
  config.loadFromDefault();
  return config;
}
