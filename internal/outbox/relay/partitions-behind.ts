import type { OwnedPartition } from "./owned-partitions.ts";
import type { SubjectQueues } from "./subject-queues.ts";

/** Partitions of which more waits than this relay can read at once: where another relay would help. */
export interface PartitionsBehind {
  /** The partition was read; `more`: it has events that the read did not take. */
  read(partition: OwnedPartition, more: boolean): void;
  /** How many are behind and move. */
  count(): number;
}

/** A partition of which nothing was settled for so long, in ms, stands still: another relay does not help. */
export const STANDS_STILL_MS = 2_000;

/**
 * Not counted is a partition of which nothing is settled, because what is held of it waits for the broker or
 * for another try, nor one that is read no further (`readable`).
 */
export function createPartitionsBehind(options: {
  queues: Pick<SubjectQueues, "settled">;
  readable: (partition: OwnedPartition) => boolean;
}): PartitionsBehind {
  const { queues, readable } = options;
  /** What was settled of each when that was last seen to grow; `at` by performance.now(). */
  const behind = new Map<OwnedPartition, { settled: number; at: number }>();

  function moves(partition: OwnedPartition, last: { settled: number; at: number }): boolean {
    const now = performance.now();
    const settled = queues.settled(partition);
    if (settled !== last.settled) Object.assign(last, { settled, at: now });
    return now - last.at < STANDS_STILL_MS;
  }

  return {
    read: (partition, more) => {
      if (!more) behind.delete(partition);
      else if (!behind.has(partition))
        behind.set(partition, { settled: queues.settled(partition), at: performance.now() });
    },
    count: () => {
      let count = 0;
      for (const [partition, last] of behind) {
        if (partition.phase !== "open") behind.delete(partition);
        else if (moves(partition, last) && readable(partition)) count++;
      }
      return count;
    },
  };
}
