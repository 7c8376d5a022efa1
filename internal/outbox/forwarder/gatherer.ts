import type { ForwarderMetrics } from "../metrics.ts";
import type { ShardQueue } from "./shard-queue.ts";
import { type StagedEntry, type StagingArea, StagingUnreadable } from "./staging.ts";
import type { Waiters } from "./waiters.ts";

/** What the next commit is to hold. */
export interface Batch {
  readonly entries: readonly StagedEntry[];
  /** The shards that were looked at. */
  readonly shards: readonly number[];
}

/** Most entries read from one stream for one commit; fewest, before other shards are left for the next. */
const READ_MOST = 500;
const READ_LEAST = 64;

/**
 * Chooses what of the dirty shards goes into the next commit, from memory where that has it all, else from
 * the streams. Shards come in turn, beginning with a random one: rivals that catch up at the same time are
 * then seldom at the same shard.
 */
export function createGatherer(options: {
  queues: readonly ShardQueue[];
  waiters: Waiters;
  staging: StagingArea;
  metrics: ForwarderMetrics;
}) {
  const { queues, waiters, staging, metrics } = options;
  let next = Math.floor(Math.random() * queues.length);

  /** Reads one shard's stream, and answers those whose events others have committed. */
  async function read(shard: number, limit: number, dirty: Set<number>, round: number) {
    const endRead = queues[shard]!.beginRead();
    metrics.streamReads.inc();
    let entries: StagedEntry[];
    try {
      entries = await staging.oldest(shard, limit);
    } catch (cause) {
      endRead([], false);
      throw new StagingUnreadable("the staged events could not be read", { cause });
    }
    const complete = entries.length < limit;
    endRead(entries, complete);
    const present = new Set(entries.map((entry) => entry.entryId));
    if (!complete || waiters.settleAbsent(shard, present, round)) dirty.add(shard);
    return entries;
  }

  return {
    /**
     * Takes at most about `limit` entries, those of a shard in stream order, and the shards they are of out
     * of `dirty`; one that has more, or may have, is put back. Rejects when a stream cannot be read, with
     * everything back in `dirty`.
     */
    gather: async (dirty: Set<number>, limit: number, round: number): Promise<Batch> => {
      const waiting = [...dirty].sort((a, b) => a - b);
      const order = [...waiting.filter((shard) => shard >= next), ...waiting.filter((shard) => shard < next)];
      const readEach = Math.min(READ_MOST, limit, Math.max(READ_LEAST, Math.floor(limit / order.length)));
      const shards: number[] = [];
      const parts: (StagedEntry[] | Promise<StagedEntry[]>)[] = [];
      for (let room = limit; room > 0 && shards.length < order.length; ) {
        const shard = order[shards.length]!;
        const queue = queues[shard]!;
        shards.push(shard);
        dirty.delete(shard);
        if (queue.mustRead()) {
          parts.push(read(shard, readEach, dirty, round));
          room -= readEach;
        } else {
          const taken = queue.take(room);
          if (queue.hasMore()) dirty.add(shard);
          parts.push(taken);
          room -= taken.length;
        }
      }
      next = shards.at(-1)! + 1;
      try {
        return { entries: (await Promise.all(parts)).flat(), shards };
      } catch (err) {
        // Reads still under way change nothing more: their chains are broken with all others.
        for (const shard of shards) dirty.add(shard);
        throw err;
      }
    },
  };
}
