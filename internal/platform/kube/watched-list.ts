import { setTimeout as delay } from "node:timers/promises";
import { ExponentialBackoff } from "cockatiel";
import type { KubeClient, WatchEvent } from "./kube-client.ts";
import { KubeError, pauseAsked } from "./kube-error.ts";
import type { KubeObject, ObjectList } from "./objects.ts";

/** The objects of one collection, kept up to date. */
export interface WatchedList<T extends KubeObject> {
  /** What is known now; empty before the first list. */
  items(): readonly T[];
  /** True once listed, while the last list is no older than the watch may have been silent after it. */
  synced(): boolean;
  stop(): Promise<void>;
}

/** A watch that says nothing for this long (not even a bookmark) is taken for dead, in ms. */
const SILENCE_MS = 300_000;

/** The whole list is read again this often, in ms, whatever the watch says: what it lost is found then. */
const RELIST_MS = 600_000;

/** A watch that was accepted and did not fail for so long, in ms, or told something, is an answer. */
const ANSWER_MS = 2_000;

/** A watch that lived this long, in ms, was a good one: the next begins at once. */
const GOOD_MS = 30_000;

/**
 * Lists `path` and watches it from there, for as long as the process runs. After any end of the
 * watch it lists again: at once after a good watch, else with backoff from half a second to 30 s,
 * or as long as the server asks. `changed` is called after every change, and says nothing about
 * what changed: its reader looks at {@link WatchedList.items}.
 */
export function watchList<T extends KubeObject>(options: {
  client: KubeClient;
  path: string;
  labelSelector?: string;
  changed: () => void;
  silenceMs?: number;
  relistMs?: number;
}): WatchedList<T> {
  const { client, path, labelSelector, changed } = options;
  const { silenceMs = SILENCE_MS, relistMs = RELIST_MS } = options;
  const selector = labelSelector === undefined ? {} : { labelSelector };
  const stopping = new AbortController();
  const known = new Map<string, T>();
  let listedAt = Number.NEGATIVE_INFINITY;

  async function list(): Promise<string> {
    const answer = await client.get<ObjectList<T>>(path, selector);
    known.clear();
    for (const item of answer.items) known.set(keyOf(item), item);
    listedAt = performance.now();
    changed();
    return answer.metadata.resourceVersion;
  }

  /** Resolves when the watch has ended, by the server or because it is time; rejects when it broke. */
  async function follow(resourceVersion: string): Promise<void> {
    const ended = new AbortController();
    const silent = () => ended.abort(new Error(`the watch has said nothing for ${silenceMs} ms`));
    const seconds = String(Math.max(1, Math.round(relistMs / 1_000)));
    const query = { ...selector, resourceVersion, allowWatchBookmarks: "true", timeoutSeconds: seconds };
    let silence = setTimeout(silent, silenceMs);
    // The server ends it by then; one that does not is left.
    let due = false;
    const relist = setTimeout(() => {
      due = true;
      ended.abort();
    }, relistMs + 5_000);
    let answer: NodeJS.Timeout | undefined;
    const answered = () => client.outages.answered(path);
    try {
      const either = AbortSignal.any([stopping.signal, ended.signal]);
      const events = await client.watch<T>(path, query, either);
      answer = setTimeout(answered, ANSWER_MS);
      for await (const event of events) {
        clearTimeout(silence);
        silence = setTimeout(silent, silenceMs);
        take(event);
        answered();
      }
      answered();
    } catch (err) {
      if (!due) throw err;
    } finally {
      clearTimeout(silence);
      clearTimeout(relist);
      clearTimeout(answer);
    }
  }

  function take({ type, object }: WatchEvent<T>): void {
    if (type === "BOOKMARK") return;
    if (type === "ERROR") {
      const { code = 500, message = "the watch failed" } = object as { code?: number; message?: string };
      throw new KubeError(code, "", message, 0);
    }
    if (type === "DELETED") known.delete(keyOf(object));
    else known.set(keyOf(object), object);
    changed();
  }

  async function run(): Promise<void> {
    const backoff = new ExponentialBackoff({ initialDelay: 500, maxDelay: 30_000 });
    let attempt = backoff.next();
    let expired = false;
    while (!stopping.signal.aborted) {
      const began = performance.now();
      let pauseMs = 0;
      try {
        await follow(await list());
        expired = false;
      } catch (err) {
        if (stopping.signal.aborted) return;
        // 410 says that the version is too old: the next list answers it, unless it comes again.
        const first = !expired;
        expired = err instanceof KubeError && err.code === 410;
        if (!(expired && first)) client.outages.failed(path, err);
        pauseMs = pauseAsked(err);
      }
      if (performance.now() - began > GOOD_MS) attempt = backoff.next();
      else pauseMs = Math.max(pauseMs, attempt.duration);
      await delay(pauseMs, undefined, { signal: stopping.signal }).catch(() => {});
      attempt = attempt.next(undefined);
    }
  }

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
