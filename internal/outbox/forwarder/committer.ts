import type { Logger } from "../../platform/logger/logger.ts";
import type { ForwarderMetrics } from "../metrics.ts";
import { EventsRefused, type OutboxWriter } from "../store/store.ts";
import { minimalEvent, storableEvent } from "./salvage.ts";
import type { StagedEntry, StagingArea } from "./staging.ts";

/** What became of a batch that did not fail. */
export interface Committed {
  /** In SQL now, by this process or a rival. */
  readonly committed: readonly StagedEntry[];
  /** In SQL as dead events: the database refuses them for what they are. */
  readonly parked: readonly StagedEntry[];
  /** Shards that a rival is committing at this moment: nothing is known of their entries. */
  readonly busy: ReadonlySet<number>;
}

/**
 * Commits staged entries, those of a shard in their order. An entry that is no proper event, or that the
 * database refuses for what it holds, becomes a dead event in its place, which holds back the later events of
 * its subject; it is found by halving the batch. `append` commits a batch of events and returns the
 * partitions it left out. Rejects when database or Redis fail; the batch may then be given again.
 */
export async function commitEntries(
  entries: readonly StagedEntry[],
  {
    store,
    staging,
    metrics,
    log,
    append,
  }: {
    store: Pick<OutboxWriter, "park">;
    staging: StagingArea;
    metrics: ForwarderMetrics;
    log: Logger;
    append: OutboxWriter["appendWhereFree"];
  },
): Promise<Committed> {
  const committed: StagedEntry[] = [];
  const parked: StagedEntry[] = [];
  const busy = new Set<number>();

  async function commit(batch: readonly StagedEntry[]): Promise<void> {
    // Once some of a shard has been left out, what follows must not overtake it.
    const open = busy.size === 0 ? batch : batch.filter(({ event }) => !busy.has(event.partition));
    if (open.length === 0) return;
    try {
      for (const partition of await append(open.map(({ event }) => event))) busy.add(partition);
      for (const entry of open) if (!busy.has(entry.event.partition)) committed.push(entry);
    } catch (err) {
      if (!(err instanceof EventsRefused)) throw err;
      if (open.length === 1) return park(open[0]!, err.message);
      const half = open.length >> 1;
      await commit(open.slice(0, half));
      await commit(open.slice(half));
    }
  }

  async function park(entry: StagedEntry, reason: string): Promise<void> {
    const { event, entryId } = entry;
    if (busy.has(event.partition)) return;
    const why = `staged entry ${entryId}: ${reason}`;
    try {
      await store.park(storableEvent(event, entryId), why);
    } catch (err) {
      if (!(err instanceof EventsRefused)) throw err;
      await store.park(minimalEvent(event.partition, entryId), why);
    }
    // Of several processes that meet the entry, one takes it out, and tells.
    if (await staging.setAside(event.partition, entryId, reason)) {
      metrics.quarantined.inc();
      log.error(
        { shard: event.partition, entryId, event: event.id, subject: event.subject, reason },
        "a staged entry was parked as a dead event: it is not what the outbox can hold",
      );
    }
    parked.push(entry);
  }

  let run: StagedEntry[] = [];
  for (const entry of entries) {
    if (entry.fault === undefined) {
      run.push(entry);
      continue;
    }
    await commit(run);
    run = [];
    await park(entry, entry.fault);
  }
  await commit(run);
  return { committed, parked, busy };
}
