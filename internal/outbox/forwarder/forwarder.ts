import { ExponentialBackoff, handleAll, retry } from "cockatiel";
import type { EventEnvelope, StagedEvent } from "../../platform/event/event.ts";
import type { Logger } from "../../platform/logger/logger.ts";
import type { CommitNotifier } from "../commit-notifier.ts";
import type { ForwarderMetrics } from "../metrics.ts";
import type { OutboxWriter } from "../store/store.ts";
import { createBatchSize } from "./batch-size.ts";
import { traceCommit } from "./commit-trace.ts";
import { commitEntries } from "./committer.ts";
import { createGatherer } from "./gatherer.ts";
import { createOutage } from "./outage.ts";
import { createShardQueue } from "./shard-queue.ts";
import type { StagedEntry, StagingArea } from "./staging.ts";
import { createWaiters, type Outcome } from "./waiters.ts";

/** Moves staged events from Redis into the SQL outbox, in stream order, many requests to a commit. */
export interface Forwarder {
  /**
   * Resolves `committed` once the event is in the SQL outbox together with everything staged before it in its
   * shard, or `staged` when that is not so within the commit timeout; the event then stays in Redis and is
   * forwarded later. Answers `staged` at once while the database is known to be failing. Never rejects.
   */
  committed(staged: StagedEvent): Promise<Outcome>;
  /** Forwards whatever lies in these shards' streams: the sweeper's way in. Resolves when done or failed. */
  forward(shards: readonly number[]): Promise<void>;
  /** What keeps events staged at present, as a sentence; null while they are committed. */
  trouble(): string | null;
  /**
   * To be called when the connection to Redis was lost: what is in memory may no longer be what Redis holds,
   * and an event that is missing there may be lost in place of committed. Who waits is told `staged`.
   */
  forgetChains(): void;
  /** Waits for the commit under way, then stops; what is still staged is the sweeper's. */
  close(): Promise<void>;
}

/**
 * After a commit of more than one event the next begins no sooner than this
 * after it began, in ms, as PostgreSQL's commit_delay and commit_siblings do
 * for its log. Each commit saved spares Redis, database and relay a wake-up.
 */
const PACE_MS = 3;

/** When to look again at a shard that a rival was committing, in ms: about as long as a commit takes. */
const BUSY_MS = 5;

/** Tries again by itself for as long as it takes, without keeping the process alive. */
const patiently = retry(handleAll, {
  maxAttempts: Number.POSITIVE_INFINITY,
  backoff: new ExponentialBackoff({ initialDelay: 100, maxDelay: 500 }),
}).dangerouslyUnref();

export function createForwarder(options: {
  store: Pick<OutboxWriter, "appendWhereFree" | "park">;
  staging: StagingArea;
  notifier: CommitNotifier;
  shards: number;
  /** How long a request waits for its event's commit, in ms. */
  commitTimeoutMs: number;
  metrics: ForwarderMetrics;
  log: Logger;
}): Forwarder {
  const { store, staging, notifier, commitTimeoutMs, metrics, log } = options;
  const queues = Array.from({ length: options.shards }, createShardQueue);
  const waiters = createWaiters({
    shards: options.shards,
    timeoutMs: commitTimeoutMs,
    onTimeout: () => metrics.commitTimeouts.inc(),
  });
  const gatherer = createGatherer({ queues, waiters, staging, metrics });
  const size = createBatchSize(commitTimeoutMs);
  const outage = createOutage(log);
  const closing = new AbortController();
  /** Shards in whose streams something may wait. */
  const dirty = new Set<number>();
  let running = false;
  let attempt: Promise<void> = Promise.resolve();
  let round = 0;
  let lastCommit = { at: 0, events: 0 };

  function wake(): void {
    if (running || closing.signal.aborted) return;
    running = true;
    void patiently
      .execute(() => {
        attempt = forwardDirty();
        return attempt;
      }, closing.signal)
      // Given up only when closing; the failure has been told of when it began.
      .catch(() => undefined)
      .finally(() => {
        running = false;
        if (dirty.size > 0) wake();
      });
  }

  /** Commits until nothing is dirty; rejects at the first failure of Redis or the database. */
  async function forwardDirty(): Promise<void> {
    // One turn of the event loop: requests whose replies arrived in the same chunk share the commit.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (dirty.size > 0 && !closing.signal.aborted) {
      // Only after a commit of several events: with a single client there is nothing to wait for.
      const wait = lastCommit.events > 1 ? lastCommit.at + PACE_MS - performance.now() : 0;
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      try {
        await commitNext();
        outage.end();
      } catch (err) {
        size.failed();
        outage.begin(err);
        forgetMemory();
        throw err;
      }
    }
  }

  async function commitNext(): Promise<void> {
    round++;
    const startedAt = performance.now();
    const { entries, shards } = await gatherer.gather(dirty, size.limit(), round);
    lastCommit = { at: startedAt, events: entries.length };
    if (entries.length === 0) return;
    try {
      const { committed, parked, busy } = await commitEntries(entries, {
        store,
        staging,
        metrics,
        log,
        append,
      });
      metrics.commitDuration.observe((performance.now() - startedAt) / 1000);
      for (const { event, entryId } of committed) waiters.settle(event.partition, entryId, "committed");
      for (const { event, entryId } of parked) waiters.settle(event.partition, entryId, "staged");
      const done = entriesByShard(committed);
      if (done.size > 0) notifier.notify([...done.keys()]);
      // Not awaited: the next commit need not wait, and a read of the same stream is sent after this removal.
      void forget(done);
      if (busy.size > 0) comeBackTo(busy);
    } catch (err) {
      for (const shard of shards) dirty.add(shard);
      throw err;
    }
  }

  /** One commit, watched: batches are so small that one which takes longer than requests wait is stuck. */
  async function append(events: readonly EventEnvelope[]): Promise<readonly number[]> {
    const startedAt = performance.now();
    const endTrace = traceCommit(events);
    const watchdog = setTimeout(
      () => outage.begin(new Error("a commit takes longer than requests may wait")),
      commitTimeoutMs,
    );
    try {
      const busy = await store.appendWhereFree(events);
      const left = busy.length === 0 ? 0 : events.filter((event) => busy.includes(event.partition)).length;
      if (left < events.length) metrics.commits.inc();
      metrics.forwarded.inc(events.length - left);
      size.succeeded(events.length - left, performance.now() - startedAt);
      endTrace(busy);
      return busy;
    } catch (error) {
      endTrace([], error);
      throw error;
    } finally {
      clearTimeout(watchdog);
    }
  }

  /** Reads shards again that a rival is committing: their events are then gone, or it is our turn. */
  function comeBackTo(busy: ReadonlySet<number>): void {
    for (const shard of busy) queues[shard]!.breakChain();
    setTimeout(() => {
      for (const shard of busy) dirty.add(shard);
      wake();
    }, BUSY_MS).unref();
  }

  /**
   * Takes committed entries out of the streams. If that fails
   * they are read and committed once more, to no effect.
   */
  async function forget(entries: ReadonlyMap<number, readonly string[]>): Promise<void> {
    if (entries.size === 0) return;
    try {
      await staging.remove(entries);
    } catch (err) {
      for (const shard of entries.keys()) queues[shard]!.breakChain();
      log.warn(
        { err, shards: entries.size },
        "committed events could not be taken out of the staging streams yet",
      );
    }
  }

  function forgetMemory(): void {
    for (const queue of queues) queue.breakChain();
    for (const shard of queues.keys()) waiters.settleShard(shard, "staged");
  }

  return {
    committed: (staged) => {
      const shard = staged.event.partition;
      dirty.add(shard);
      if (closing.signal.aborted || outage.reason() !== null) {
        // Kept in Redis only: memory must not fill while the database is away.
        queues[shard]!.breakChain();
        return Promise.resolve("staged");
      }
      queues[shard]!.offer(staged);
      const outcome = waiters.wait(shard, staged.entryId, round);
      wake();
      return outcome;
    },
    forward: async (wanted) => {
      for (const shard of wanted) {
        queues[shard]!.breakChain();
        dirty.add(shard);
      }
      wake();
      await attempt.catch(() => undefined);
    },
    trouble: outage.reason,
    forgetChains: forgetMemory,
    close: async () => {
      closing.abort();
      await attempt.catch(() => undefined);
      for (const shard of queues.keys()) waiters.settleShard(shard, "staged");
    },
  };
}

function entriesByShard(entries: readonly StagedEntry[]): Map<number, string[]> {
  const ids = new Map<number, string[]>();
  for (const { event, entryId } of entries) {
    const sofar = ids.get(event.partition);
    if (sofar) sofar.push(entryId);
    else ids.set(event.partition, [entryId]);
  }
  return ids;
}
