import type { StagedEvent } from "../../platform/event/event.ts";

/**
 * What one process knows of one shard's staged events. While the process has seen every event since its last
 * look at the stream (the ordinals form an unbroken chain), it can forward from memory; otherwise the stream
 * must be read, because another process may have staged something in between that has to go first.
 */
export interface ShardQueue {
  /** Notes an event that this process has just staged. */
  offer(staged: StagedEvent): void;
  /** True when the stream must be read before anything of this shard may be committed. */
  mustRead(): boolean;
  /** Takes at most `limit` of what may be committed from memory, in order; none while {@link mustRead}. */
  take(limit: number): StagedEvent[];
  /** True when something is left to be taken. */
  hasMore(): boolean;
  /**
   * Begins a read of the stream; the returned function ends it with what was
   * read, in order, and whether that was all. After a complete read the chain
   * holds again, continued by events offered meanwhile where they fit.
   */
  beginRead(): (entries: readonly StagedEvent[], complete: boolean) => void;
  /** Forgets the chain: after a failed commit or a lost Redis, only the stream is complete. */
  breakChain(): void;
}

export function createShardQueue(): ShardQueue {
  /** The ordinal after which the chain continues; null when it is broken. */
  let last: number | null = null;
  let queued: StagedEvent[] = [];
  /** Offered while the stream was being read. */
  let late: StagedEvent[] | null = null;

  function link(staged: StagedEvent): boolean {
    if (last === null || staged.ordinal !== last + 1) return false;
    last = staged.ordinal;
    queued.push(staged);
    return true;
  }

  function breakChain(): void {
    last = null;
    queued = [];
    late = null;
  }

  return {
    offer: (staged) => {
      if (late) late.push(staged);
      else if (!link(staged)) breakChain();
    },
    mustRead: () => last === null,
    take: (limit) => {
      if (queued.length > limit) return queued.splice(0, limit);
      const taken = queued;
      queued = [];
      return taken;
    },
    hasMore: () => queued.length > 0,
    beginRead: () => {
      breakChain();
      const offered: StagedEvent[] = [];
      late = offered;
      return (entries, complete) => {
        if (late !== offered) return;
        late = null;
        if (!complete) return;
        const seen = new Set(entries.map((entry) => entry.entryId));
        const tail = entries.at(-1);
        if (tail) last = tail.ordinal;
        for (const staged of offered) {
          if (seen.has(staged.entryId)) continue;
          if (!link(staged)) {
            breakChain();
            return;
          }
        }
      };
    },
    breakChain,
  };
}
