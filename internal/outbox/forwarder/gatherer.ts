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

/** Most entries read from one stream at once, and how many shards are looked at together at least. */
const READ_MOST = 500;
const TOGETHER_LEAST = 8;

/** A read of a stream that is yet to be made use of. */
interface Read {
  readonly entries: readonly StagedEntry[];
  /** Whether that is all the stream holds. */
  readonly complete: boolean;
  readonly end: (entries: readonly StagedEntry[], complete: boolean) => void;
}

/**
 * Chooses what of the dirty shards goes into the next commit, from memory where that has it all, else from
 * the streams. Shards come in turn, beginning with a random one: rivals that catch up at the same time are
 * then seldom at the same shard.
 */
export function createGatherer(options: {
  queues: readonly ShardQueue[];
  waiters: Waiters;
  staging: Pick<StagingArea, "oldest">;
  metrics: Pick<ForwarderMetrics, "streamReads">;
}) {
  const { queues, waiters, staging, metrics } = options;
  let next = Math.floor(Math.random() * queues.length);

  async function read(shard: number, limit: number): Promise<Read> {
    const end = queues[shard]!.beginRead();
    metrics.streamReads.inc();
    try {
      const entries = await staging.oldest(shard, limit);
      return { entries, complete: entries.length < limit, end };
    } catch (cause) {
      end([], false);
      throw new StagingUnreadable("the staged events could not be read", { cause });
    }
  }

  /** Uses the first `room` entries of a read. Returns true when the shard has more, or may have. */
  function useRead(shard: number, read: Read, room: number, into: StagedEntry[], round: number): boolean {
    const used = read.entries.slice(0, room);
    const complete = read.complete && used.length === read.entries.length;
    read.end(used, complete);
    into.push(...used);
    if (!complete) return true;
    return waiters.settleAbsent(shard, new Set(used.map(({ entryId }) => entryId)), round);
  }

  function useMemory(shard: number, room: number, into: StagedEntry[]): boolean {
    const queue = queues[shard]!;
    into.push(...queue.take(room));
    return queue.hasMore() || queue.mustRead();
  }

  function inTurn(dirty: ReadonlySet<number>): number[] {
    const shards = [...dirty].sort((a, b) => a - b);
    return [...shards.filter((shard) => shard >= next), ...shards.filter((shard) => shard < next)];
  }

  return {
    /**
     * Takes at most `limit` entries, those of a shard in stream order, and the shards they are of out of
     * `dirty`; one that has more, or may have, is put back. Rejects when a stream cannot be read, with
     * everything back in `dirty`; what was in memory is then to be read again.
     */
    gather: async (dirty: Set<number>, limit: number, round: number): Promise<Batch> => {
      const order = inTurn(dirty);
      const entries: StagedEntry[] = [];
      const shards: number[] = [];
      try {
        while (entries.length < limit && shards.length < order.length) {
          const room = limit - entries.length;
          const together = Math.max(TOGETHER_LEAST, Math.ceil(room / TOGETHER_LEAST));
          const looked = order.slice(shards.length, shards.length + together);
          shards.push(...looked);
          for (const shard of looked) dirty.delete(shard);
          // Each its share, and one that tells of more: what is not used is read again for the next commit.
          const readMost = Math.min(READ_MOST, Math.ceil(room / looked.length) + 1);
          const reads = await Promise.all(
            looked.map((shard) => (queues[shard]!.mustRead() ? read(shard, readMost) : null)),
          );
          for (const [index, shard] of looked.entries()) {
            const found = reads[index];
            const left = limit - entries.length;
            // The next commit begins with the first of those for which this one has no room.
            if (left > 0) next = shard + 1;
            const more = found
              ? useRead(shard, found, left, entries, round)
              : useMemory(shard, left, entries);
            if (more) dirty.add(shard);
          }
        }
      } catch (err) {
        for (const shard of shards) dirty.add(shard);
        throw err;
      }
      return { entries, shards };
    },
  };
}
