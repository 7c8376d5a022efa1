import type { OutboxReader } from "../store/store.ts";
import type { OwnedPartition } from "./owned-partitions.ts";

/**
 * The partitions whose database counts again from an earlier seq, as after a restore or a failover
 * with a loss: they have something pending behind their cursor. Asks only about `idle` ones, of
 * which nothing is held, sent or left out, because there it can have come only so.
 */
export async function goneBack(
  store: Pick<OutboxReader, "oldestPending">,
  idle: readonly OwnedPartition[],
): Promise<OwnedPartition[]> {
  if (idle.length === 0) return [];
  // As they are now: a partition may be read further while the database is asked.
  const cursors = new Map(idle.map(({ partition, cursor }) => [partition, cursor]));
  const oldest = await store.oldestPending([...cursors.keys()]);
  const behind = new Set(
    oldest.flatMap(({ partition, seq }) => (seq <= cursors.get(partition)! ? [partition] : [])),
  );
  return idle.filter(({ partition }) => behind.has(partition));
}
