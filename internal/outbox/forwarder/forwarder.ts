import type { StagedEvent } from "../../platform/event/event.ts";
import type { Logger } from "../../platform/logger/logger.ts";
import type { CommitNotifier } from "../commit-notifier.ts";
import type { ForwarderMetrics } from "../metrics.ts";
import type { OutboxWriter } from "../store/store.ts";
import { createBatchSize } from "./batch-size.ts";
import { createCommitLoop } from "./commit-loop.ts";
import { commitEntries } from "./committer.ts";
import { createGatherer } from "./gatherer.ts";
import { createOutage } from "./outage.ts";
import { createShardQueue } from "./shard-queue.ts";
import type { StagedEntry, StagingArea } from "./staging.ts";
import { createWaiters, type Outcome } from "./waiters.ts";
import { createWatchedAppend } from "./watched-append.ts";

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

/** When to look again at a shard that a rival was committing, in ms: about as long as a commit takes. */
const BUSY_MS = 5;

/**
 * Idle until `committed` or `forward` is called. A failed commit is tried again until it succeeds or `close`.
 */
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
  const append = createWatchedAppend({ store, outage, metrics, commitTimeoutMs, size });
  /** Shards in whose streams something may wait. */
  const dirty = new Set<number>();
  let closed = false;
  let round = 0;
  const loop = createCommitLoop({
    hasWork: () => dirty.size > 0,
    commitNext,
    onFailure: (error) => {
      size.failed();
      outage.begin(error);
      forgetMemory();
    },
  });

  /** Resolves with how many events it took up. */
  async function commitNext(): Promise<number> {
    round++;
    const startedAt = performance.now();
    const { entries, shards } = await gatherer.gather(dirty, size.limit(), round);
    if (entries.length > 0) await commit(entries, shards, startedAt);
    outage.end();
    return entries.length;
  }

  async function commit(entries: readonly StagedEntry[], shards: readonly number[], startedAt: number) {
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

  /** Reads shards again that a rival is committing: their events are then gone, or it is our turn. */
  function comeBackTo(busy: ReadonlySet<number>): void {
    for (const shard of busy) queues[shard]!.breakChain();
    setTimeout(() => {
      for (const shard of busy) dirty.add(shard);
      loop.wake();
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
      if (closed || outage.reason() !== null) {
        // Kept in Redis only: memory must not fill while the database is away.
        queues[shard]!.breakChain();
        return Promise.resolve("staged");
      }
      queues[shard]!.offer(staged);
      const outcome = waiters.wait(shard, staged.entryId, round);
      loop.wake();
      return outcome;
    },
    forward: async (wanted) => {
      for (const shard of wanted) {
        queues[shard]!.breakChain();
        dirty.add(shard);
      }
      loop.wake();
      await loop.settled();
    },
    trouble: outage.reason,
    forgetChains: forgetMemory,
    close: async () => {
      closed = true;
      await loop.close();
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
