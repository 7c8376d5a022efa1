import type { StagedEvent } from "../../platform/event/event.ts";

/**
 * The Redis side of the outbox, as the forwarder needs it. A lost Redis is an exception, and so is one that
 * is not (or no longer) the master: what it does not have may still be staged.
 */
export interface StagingArea {
  /** The oldest staged events of a shard, in stream order, at most `limit`. Throws {@link MalformedEntry}. */
  oldest(shard: number, limit: number): Promise<StagedEvent[]>;
  /**
   * Removes entries whose events are committed. Idempotent;
   * never sent twice by itself after a lost connection.
   */
  remove(entries: ReadonlyMap<number, readonly string[]>): Promise<void>;
  /**
   * When each shard's oldest entry was staged (epoch ms by Redis'
   * clock, null for an empty shard), and how many there are.
   */
  backlog(): Promise<{ oldestAt: (number | null)[]; staged: number; now: number }>;
}

/** An entry that no version of ours has written: its shard waits for an operator, the others go on. */
export class MalformedEntry extends Error {
  override readonly name = "MalformedEntry";
}
