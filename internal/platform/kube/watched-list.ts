import { setTimeout as delay } from "node:timers/promises";
import { Watch } from "@kubernetes/client-node";
import { ExponentialBackoff } from "cockatiel";
import type { Logger } from "../logger/logger.ts";
import { type KubeClient, KubeError } from "./kube-client.ts";
import type { KubeObject, ObjectList } from "./objects.ts";

/** The objects of one collection, kept up to date. */
export interface WatchedList<T extends KubeObject> {
  /** What is known now; empty before the first list. */
  items(): readonly T[];
  /** True once listed, while the watch is alive or the last list is younger than the relist interval. */
  synced(): boolean;
  stop(): Promise<void>;
}

/** A watch that says nothing for this long (not even a bookmark) is taken for dead, in ms. */
const SILENCE_MS = 300_000;

/** The whole list is read again this often, in ms, whatever the watch says: what it lost is found then. */
const RELIST_MS = 600_000;

/**
 * Lists `path` and watches it from there, for as long as the process runs: after any end of the watch, 410
 * included, it lists again, with backoff up to 30 s, or as long as the server asks. `changed` is called after
 * every change, and says nothing about what changed: its reader looks at {@link WatchedList.items}.
 */
export function watchList<T extends KubeObject>(options: {
  client: KubeClient;
  path: string;
  labelSelector?: string;
  changed: () => void;
  log: Logger;
  silenceMs?: number;
  relistMs?: number;
}): WatchedList<T> {
  const { client, path, labelSelector, changed, log } = options;
  const { silenceMs = SILENCE_MS, relistMs = RELIST_MS } = options;
  const selector = labelSelector === undefined ? {} : { labelSelector };
  const watch = new Watch(client.config);
  const stopping = new AbortController();
  const known = new Map<string, T>();
  let listedAt = Number.NEGATIVE_INFINITY;
  let failing = false;

  async function list(): Promise<string> {
    const answer = await client.get<ObjectList<T>>(path, selector);
    known.clear();
    for (const item of answer.items) known.set(keyOf(item), item);
    listedAt = performance.now();
    if (failing) log.info({ path }, "the Kubernetes API answers again");
    failing = false;
    changed();
    return answer.metadata.resourceVersion;
  }

  function take(phase: string, object: T): void {
    if (phase === "BOOKMARK") return;
    if (phase === "DELETED") known.delete(keyOf(object));
    else known.set(keyOf(object), object);
    changed();
  }

  /** Resolves when the watch has ended; rejects when it could not begin or broke. */
  function follow(resourceVersion: string): Promise<void> {
    return new Promise((resolve, reject) => {
      let controller: AbortController | undefined;
      const end = () => controller?.abort();
      let silence = setTimeout(end, silenceMs);
      const relist = setTimeout(end, relistMs);
      stopping.signal.addEventListener("abort", end, { once: true });
      const done = (error: unknown) => {
        clearTimeout(silence);
        clearTimeout(relist);
        stopping.signal.removeEventListener("abort", end);
        if (error && !isAbort(error)) reject(error);
        else resolve();
      };
      const seconds = String(Math.max(1, Math.floor(silenceMs / 1_000)));
      const query = { ...selector, resourceVersion, allowWatchBookmarks: "true", timeoutSeconds: seconds };
      const heard = (phase: string, object: T & { code?: number; message?: string }) => {
        clearTimeout(silence);
        silence = setTimeout(end, silenceMs);
        if (phase === "ERROR") {
          done(new KubeError(object.code ?? 500, "", object.message ?? "the watch failed", 0));
          end();
        } else take(phase, object);
      };
      watch.watch(path, query, heard, done).then((started) => {
        controller = started;
        if (stopping.signal.aborted) end();
      }, done);
    });
  }

  async function run(): Promise<void> {
    const backoff = new ExponentialBackoff({ initialDelay: 500, maxDelay: 30_000 });
    let attempt = backoff.next();
    while (!stopping.signal.aborted) {
      try {
        await follow(await list());
        attempt = backoff.next();
      } catch (err) {
        if (stopping.signal.aborted) return;
        // 410 means that the version is too old: expected, and answered by the next list.
        const expired = err instanceof KubeError && err.code === 410;
        if (!failing && !expired) log.warn({ err, path }, "the Kubernetes API does not answer; trying again");
        failing = !expired;
        const asked = err instanceof KubeError ? err.retryAfterMs : 0;
        await delay(Math.max(asked, attempt.duration), undefined, { signal: stopping.signal }).catch(
          () => {},
        );
        attempt = attempt.next(undefined);
      }
    }
  }

  // The library gives a watch up after 30 s without a byte; bookmarks come once a minute.
  Object.assign(watch, { requestTimeoutMs: silenceMs });
  const running = run();
  return {
    items: () => [...known.values()],
    synced: () => performance.now() - listedAt < relistMs + silenceMs,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === "AbortError" || error.name === "TimeoutError");
}
