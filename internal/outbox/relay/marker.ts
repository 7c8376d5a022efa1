import type { Logger } from "../../platform/logger/logger.ts";
import type { Fenced, Lease, OutboxReader, Refusal } from "../store/store.ts";

/** Writes the outcome of published events back, many at a time. */
export interface Marker {
  /** The broker has accepted this event. */
  accepted(event: Fenced): void;
  /** The broker has refused this event; resolves true when written, false when the fence held it off. */
  refused(refusal: Refusal): Promise<boolean>;
  /** Events of a partition accepted and not yet written. */
  waiting(partition: number): number;
  /** Writes what waits, once; for the shutdown. */
  flush(): Promise<void>;
}

const BATCH = 1_000;

/**
 * Marks are gathered for a few milliseconds and written in one statement. While the database is away they
 * are kept and tried again: the fence in the database decides whether they still count, so a mark that comes
 * late is either true or without effect. `fenced` is told of leases whose marks were held off.
 */
export function createMarker(options: {
  store: Pick<OutboxReader, "markPublished" | "markRefused">;
  relay: string;
  gatherMs: number;
  fenced: (lease: Lease) => void;
  /** Called after every write, successful or not, so that who waits for {@link Marker.waiting} can look. */
  progressed: () => void;
  log: Logger;
}): Marker {
  const { store, relay, gatherMs, fenced, progressed, log } = options;
  let queue: Fenced[] = [];
  /** By partition number. */
  const waiting: number[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | null = null;
  let failures = 0;

  function plan(delayMs: number): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      void write();
    }, delayMs);
  }

  function write(): Promise<void> {
    writing ??= writeBatch().finally(() => {
      writing = null;
      progressed();
      if (queue.length > 0) plan(failures > 0 ? Math.min(50 * 2 ** failures, 1_000) : gatherMs);
    });
    return writing;
  }

  async function writeBatch(): Promise<void> {
    const batch = queue.splice(0, BATCH);
    if (batch.length === 0) return;
    let marked: Set<number>;
    try {
      marked = new Set(await store.markPublished(relay, batch));
    } catch (err) {
      if (failures++ === 0) log.warn({ err, events: batch.length }, "published events cannot be marked yet");
      queue = batch.concat(queue);
      return;
    }
    if (failures > 0) log.info("published events are being marked again");
    failures = 0;
    const lost = new Map<number, number>();
    for (const { seq, partition, epoch } of batch) {
      waiting[partition] = waiting[partition]! - 1;
      if (!marked.has(seq)) lost.set(partition, epoch);
    }
    for (const [partition, epoch] of lost) fenced({ partition, epoch });
  }

  return {
    accepted: (event) => {
      queue.push(event);
      waiting[event.partition] = (waiting[event.partition] ?? 0) + 1;
      if (!writing) plan(queue.length >= BATCH ? 0 : gatherMs);
    },
    refused: async (refusal) => {
      const written = await store.markRefused(relay, [refusal]);
      if (written.length > 0) return true;
      fenced(refusal);
      return false;
    },
    waiting: (partition) => waiting[partition] ?? 0,
    flush: async () => {
      clearTimeout(timer);
      timer = undefined;
      await writing;
      while (queue.length > 0) {
        const before = failures;
        await write();
        if (failures > before) return;
      }
    },
  };
}
