import type { Lease } from "../store/store.ts";

/**
 * One partition as this relay holds it; a new object each time it
 * is gained. Written by {@link OwnedPartitions} alone.
 */
export interface OwnedPartition {
  readonly partition: number;
  readonly epoch: number;
  /** performance.now() until which the lease is surely ours. */
  readonly validUntil: number;
  /**
   * `waiting` until everything sent under an earlier tenure is settled; `closing` while it is being given up.
   */
  readonly phase: "waiting" | "open" | "closing" | "lost";
  /** The last seq read. */
  readonly cursor: number;
  /** Whatever is pending up to this seq waits for a dead event, as far as is known. */
  readonly waitsTo: number;
}

/** The partitions that a relay holds, and the state of each: the only place where that changes. */
export interface OwnedPartitions {
  get(partition: number): OwnedPartition | undefined;
  all(): readonly OwnedPartition[];
  /**
   * The lease is ours until `validUntil`. True when it was not
   * before, or was under another epoch: it is read anew.
   */
  gain(lease: Lease, validUntil: number): boolean;
  /** Its events may be read and sent. */
  open(owned: OwnedPartition): void;
  /** Its events up to `seq` have been read; `waits`: this one waits for a dead event. */
  advance(owned: OwnedPartition, seq: number, waits: boolean): void;
  /** It is being given up: nothing more of it is sent. */
  close(partition: number): void;
  /** It is no longer ours, or begins anew: what was read of it is void. Returns what it was. */
  lose(partition: number): OwnedPartition | undefined;
  /** Read it again beyond `cursor`, 0 or its `waitsTo`, under the same lease. */
  restart(owned: OwnedPartition, cursor: number): void;
}

type Mutable = { -readonly [K in keyof OwnedPartition]: OwnedPartition[K] };

export function createOwnedPartitions(): OwnedPartitions {
  const owned = new Map<number, Mutable>();

  function lose(partition: number): OwnedPartition | undefined {
    const known = owned.get(partition);
    if (!known) return undefined;
    const before = { ...known };
    known.phase = "lost";
    owned.delete(partition);
    return before;
  }

  return {
    get: (partition) => owned.get(partition),
    all: () => [...owned.values()],
    gain: (lease, validUntil) => {
      const known = owned.get(lease.partition);
      if (known && known.epoch === lease.epoch) {
        known.validUntil = validUntil;
        return false;
      }
      lose(lease.partition);
      owned.set(lease.partition, { ...lease, validUntil, phase: "waiting", cursor: 0, waitsTo: 0 });
      return true;
    },
    open: (each) => {
      const known = owned.get(each.partition);
      if (known === each && known.phase === "waiting") known.phase = "open";
    },
    advance: (each, seq, waits) => {
      const known = owned.get(each.partition);
      if (known !== each) return;
      if (waits && known.waitsTo === known.cursor) known.waitsTo = seq;
      known.cursor = seq;
    },
    close: (partition) => {
      const known = owned.get(partition);
      if (known) known.phase = "closing";
    },
    lose,
    restart: (each, cursor) => {
      const known = owned.get(each.partition);
      if (known !== each) return;
      known.phase = "lost";
      owned.set(each.partition, { ...each, phase: "waiting", cursor, waitsTo: cursor });
    },
  };
}
