import type { StagedEvent } from "../../platform/event/event.ts";

/** An entry of a shard's staging stream. */
export interface StagedEntry extends StagedEvent {
  /** What is wrong with it, when it is not an event as it must be; `event` is then what could be read. */
  readonly fault?: string;
}

/**
 * The Redis side of the outbox, as the forwarder needs it. A lost Redis is an exception, and so is one that
 * is not (or no longer) the master: what it does not have may still be staged.
 */
export interface StagingArea {
  /** The oldest staged entries of a shard, in stream order, at most `limit`. */
  oldest(shard: number, limit: number): Promise<StagedEntry[]>;
  /**
   * Removes entries whose events are committed. Idempotent;
   * never sent twice by itself after a lost connection.
   */
  remove(entries: ReadonlyMap<number, readonly string[]>): Promise<void>;
  /**
   * Moves an entry out of the stream to where it is kept as it is, with `reason`, for whoever looks into it.
   * Returns false when it has been taken out before.
   */
  setAside(shard: number, entryId: string, reason: string): Promise<boolean>;
  /**
   * When each shard's oldest entry was staged (epoch ms by Redis'
   * clock, null for an empty shard), and how many there are.
   */
  backlog(): Promise<{ oldestAt: (number | null)[]; staged: number; now: number }>;
}

/** The staged events could not be read; `cause` says why. */
export class StagingUnreadable extends Error {
  override readonly name = "StagingUnreadable";
}
