import type { Logger } from "../../platform/logger/logger.ts";
import type { RelayMetrics } from "../metrics.ts";
import type { Lease } from "../store/store.ts";
import type { LeaseHolder } from "./lease-keeper.ts";
import type { OwnedPartition, OwnedPartitions } from "./owned-partitions.ts";
import type { SubjectQueues } from "./subject-queues.ts";

/** What follows as partitions come and go: the only place that gives one up. */
export interface Tenure extends LeaseHolder {
  /** Whether the lease is surely ours; a partition whose lease may have run out is given up. */
  valid(partition: OwnedPartition): boolean;
  /** Marks under this lease were held off: it is given up, if it is still the present one. */
  fenced(lease: Lease): void;
  /** Something sent was answered: who waits for a partition to drain can look. */
  settled(): void;
}

export function createTenure(options: {
  owned: OwnedPartitions;
  queues: SubjectQueues;
  /** A partition was gained, or begins anew under another epoch. */
  gained: (partition: number) => void;
  /** Sent and unanswered of a partition. */
  unanswered: (partition: number) => number;
  /** Writes the marks of a partition that wait. */
  flushMarks: (partition: number) => Promise<void>;
  metrics: Pick<RelayMetrics, "owned">;
  log: Logger;
}): Tenure {
  const { owned, queues, unanswered, metrics, log } = options;
  let draining: (() => void)[] = [];

  function lose(partition: number, why: string): void {
    const known = owned.get(partition);
    if (!known) return;
    if (known.phase !== "closing") log.warn({ partition, epoch: known.epoch }, `partition given up: ${why}`);
    owned.lose(partition);
    queues.drop(known);
    metrics.owned.set(owned.all().length);
  }

  return {
    held: (lease, validUntil) => {
      const before = owned.get(lease.partition);
      if (before && before.epoch !== lease.epoch) lose(lease.partition, "it changed hands meanwhile");
      if (owned.gain(lease, validUntil)) options.gained(lease.partition);
      metrics.owned.set(owned.all().length);
    },
    lost: (partition) => lose(partition, "its lease went to another relay or was released"),
    drained: async (partition) => {
      owned.close(partition);
      while (unanswered(partition) > 0) await new Promise<void>((resolve) => draining.push(resolve));
      await options.flushMarks(partition);
    },
    valid: ({ partition, validUntil }) => {
      if (performance.now() < validUntil) return true;
      lose(partition, "its lease ran out");
      return false;
    },
    fenced: ({ partition, epoch }) => {
      if (owned.get(partition)?.epoch === epoch) lose(partition, "its marks were held off by the fence");
    },
    settled: () => {
      const waiting = draining;
      draining = [];
      for (const resolve of waiting) resolve();
    },
  };
}
