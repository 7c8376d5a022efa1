import type { StagedEvent } from "../../platform/event/event.ts";
import type { Logger } from "../../platform/logger/logger.ts";
import { createDictionary, type Dictionary } from "../../platform/memory/dictionary.ts";
import type { CommitNotifier } from "../commit-notifier.ts";
import type { ForwarderMetrics } from "../metrics.ts";
import type { OutboxWriter } from "../store/store.ts";
import { createCircuit } from "./circuit.ts";
import { createShardQueue, type ShardQueue } from "./shard-queue.ts";
import { MalformedEntry, type StagingArea } from "./staging.ts";

/** Moves staged events from Redis into the SQL outbox, in stream order, many requests to a commit. */
export interface Forwarder {
  /**
   * Resolves `committed` once the event is in the SQL outbox together with everything staged before it in its
   * shard, or `staged` when that is not so within the commit timeout; the event then stays in Redis and is
   * forwarded later. Answers `staged` at once while the database is known to be failing. Never rejects.
   */
  committed(staged: StagedEvent): Promise<"committed" | "staged">;
  /** Forwards whatever lies in these shards' streams: the sweeper's way in. Resolves when done or failed. */
  forward(shards: readonly number[]): Promise<void>;
  /** True while the database is known to take no events, so that they stay staged. */
  failing(): boolean;
  /**
   * To be called when the connection to Redis was lost: what is in memory may no longer be what Redis holds.
   */
  forgetChains(): void;
  /** Waits for the commit under way, then stops; what is still staged is the sweeper's. */
  close(): Promise<void>;
}

interface Waiter {
  readonly since: number;
  readonly resolve: (state: "committed" | "staged") => void;
}

interface Shard {
  readonly queue: ShardQueue;
  readonly waiters: Dictionary<Waiter>;
}

/** Most events read from one shard's stream for one commit, and most of them in one commit altogether. */
const READ_LIMIT = 500;
const COMMIT_LIMIT = 2_000;

/**
 * After a commit of more than one event the next begins no sooner than this
 * after it began, in ms, as PostgreSQL's commit_delay and commit_siblings do
 * for its log. Each commit saved spares Redis, database and relay a wake-up.
 */
const PACE_MS = 3;

export function createForwarder(options: {
  store: OutboxWriter;
  staging: StagingArea;
  notifier: CommitNotifier;
  shards: number;
  /** How long a request waits for its event's commit, in ms. */
  commitTimeoutMs: number;
  metrics: ForwarderMetrics;
  log: Logger;
}): Forwarder {
  const { store, staging, notifier, commitTimeoutMs, metrics, log } = options;
  const shards: Shard[] = Array.from({ length: options.shards }, () => ({
    queue: createShardQueue(),
    waiters: createDictionary(),
  }));
  const circuit = createCircuit({ retryMinMs: 100, retryMaxMs: 2_000, retry: () => wake(), log });
  let dirty = new Set<number>();
  let running: Promise<void> | null = null;
  let closed = false;
  let round = 0;
  let lastCommit = { at: 0, events: 0 };

  function wake(): void {
    if (running || closed) return;
    running = forwardDirty().finally(() => {
      running = null;
      if (dirty.size > 0 && !circuit.isOpen()) wake();
    });
  }

  async function forwardDirty(): Promise<void> {
    // One turn of the event loop: requests whose replies arrived in the same chunk share the commit.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (dirty.size > 0 && !closed) {
      // Only after events that had company: a lone client would wait for nothing.
      const wait = lastCommit.events > 1 ? lastCommit.at + PACE_MS - performance.now() : 0;
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      const batchShards = [...dirty].sort((a, b) => a - b);
      dirty = new Set();
      const failed = await commitShards(batchShards);
      if (failed) return;
    }
  }

  /** Commits what these shards have. Returns true when the database (or Redis) failed and a retry is due. */
  async function commitShards(batchShards: readonly number[]): Promise<boolean> {
    round++;
    const startedAt = performance.now();
    const watchdog = setTimeout(
      () => circuit.open(new Error("a commit takes longer than requests may wait")),
      commitTimeoutMs,
    );
    try {
      const batch: StagedEvent[] = [];
      const gathered = await Promise.all(batchShards.map((shard) => gather(shard, batchShards.length)));
      for (const entries of gathered) batch.push(...entries);
      lastCommit = { at: startedAt, events: batch.length };
      if (batch.length > 0) {
        await store.append(batch.map((staged) => staged.event));
        metrics.commits.inc();
        metrics.forwarded.inc(batch.length);
        metrics.commitDuration.observe((performance.now() - startedAt) / 1000);
      }
      circuit.close();
      settle(batch);
      const entries = entriesByShard(batch);
      if (batch.length > 0) notifier.notify([...entries.keys()]);
      // Not awaited: the next commit need not wait, and a read of the same stream is sent after this removal.
      void forget(entries);
      return false;
    } catch (err) {
      for (const shard of batchShards) {
        shards[shard]!.queue.breakChain();
        dirty.add(shard);
        for (const [entryId, waiter] of shards[shard]!.waiters.entries())
          resolve(shard, entryId, waiter, "staged");
      }
      circuit.open(err);
      return true;
    } finally {
      clearTimeout(watchdog);
    }
  }

  /**
   * What one shard contributes to the commit; resolves waiters whose events others have committed already.
   */
  async function gather(shard: number, among: number): Promise<StagedEvent[]> {
    const { queue, waiters } = shards[shard]!;
    if (!queue.mustRead()) return queue.take();
    const limit = Math.max(16, Math.min(READ_LIMIT, Math.floor(COMMIT_LIMIT / among)));
    const beforeRead = round;
    const endRead = queue.beginRead();
    metrics.streamReads.inc();
    let entries: StagedEvent[];
    try {
      entries = await staging.oldest(shard, limit);
    } catch (cause) {
      endRead([], false);
      if (cause instanceof MalformedEntry) {
        log.error({ err: cause, shard }, "a shard is blocked by an entry that is not a staged event");
        return [];
      }
      throw new Error("the staged events could not be read", { cause });
    }
    const complete = entries.length < limit;
    endRead(entries, complete);
    if (!complete) dirty.add(shard);
    else {
      // An entry leaves the stream only after its commit: who
      // waited before the read and is not in it, is committed.
      const present = new Set(entries.map((entry) => entry.entryId));
      for (const [entryId, waiter] of waiters.entries()) {
        if (present.has(entryId)) continue;
        if (waiter.since < beforeRead) resolve(shard, entryId, waiter, "committed");
        else dirty.add(shard);
      }
    }
    return entries;
  }

  function settle(batch: readonly StagedEvent[]): void {
    for (const { event, entryId } of batch) {
      const waiter = shards[event.partition]!.waiters.get(entryId);
      if (waiter) resolve(event.partition, entryId, waiter, "committed");
    }
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
      for (const shard of entries.keys()) shards[shard]!.queue.breakChain();
      log.warn(
        { err, shards: entries.size },
        "committed events could not be taken out of the staging streams yet",
      );
    }
  }

  function resolve(shard: number, entryId: string, waiter: Waiter, state: "committed" | "staged"): void {
    shards[shard]!.waiters.delete(entryId);
    waiter.resolve(state);
  }

  return {
    committed: (staged) => {
      const shard = staged.event.partition;
      const { queue, waiters } = shards[shard]!;
      dirty.add(shard);
      if (closed || circuit.isOpen()) {
        // Kept in Redis only: memory must not fill while the database is away.
        queue.breakChain();
        return Promise.resolve("staged");
      }
      queue.offer(staged);
      return new Promise((done) => {
        const timer = setTimeout(() => {
          metrics.commitTimeouts.inc();
          waiters.delete(staged.entryId);
          done("staged");
        }, commitTimeoutMs);
        const earlier = waiters.get(staged.entryId);
        waiters.set(staged.entryId, {
          since: round,
          resolve: (state) => {
            clearTimeout(timer);
            earlier?.resolve(state);
            done(state);
          },
        });
        wake();
      });
    },
    forward: async (wanted) => {
      for (const shard of wanted) {
        shards[shard]!.queue.breakChain();
        dirty.add(shard);
      }
      if (!circuit.isOpen()) wake();
      await running;
    },
    failing: () => circuit.isOpen(),
    forgetChains: () => {
      for (const { queue } of shards) queue.breakChain();
    },
    close: async () => {
      closed = true;
      circuit.dispose();
      await running;
      for (const [shard, { waiters }] of shards.entries())
        for (const [entryId, waiter] of waiters.entries()) resolve(shard, entryId, waiter, "staged");
    },
  };
}

function entriesByShard(batch: readonly StagedEvent[]): Map<number, string[]> {
  const entries = new Map<number, string[]>();
  for (const { event, entryId } of batch) {
    const ids = entries.get(event.partition);
    if (ids) ids.push(entryId);
    else entries.set(event.partition, [entryId]);
  }
  return entries;
}
