import { randomUUID } from "node:crypto";
import type { EventEnvelope } from "../../platform/event/event.ts";
import { freePending, type OpenOutbox } from "../../testkit/outbox.ts";
import type { StoredEvent } from "../event.ts";
import type { Fenced } from "./store.ts";

export const ids = (events: readonly { id: string }[]) => events.map((each) => each.id);

/** An empty, migrated database as the tests need it. */
export interface OutboxBench {
  /** A store of its own on the database. */
  open(): Promise<OpenOutbox>;
  /** Opens a transaction on a connection of its own. */
  begin(): Promise<OpenTransaction>;
}

export interface OpenTransaction {
  insert(event: EventEnvelope): Promise<void>;
  /** Runs a statement that both dialects understand. */
  run(sql: string): Promise<void>;
  end(how: "COMMIT" | "ROLLBACK"): Promise<void>;
}

/** Two stores on one database, and partitions of each test's own, so that none depends on another's rows. */
export interface OutboxScene extends OutboxBench {
  readonly store: OpenOutbox;
  readonly rival: OpenOutbox;
  /** The first of ten partitions that are the running test's own. */
  readonly base: number;
  event(subject: string, sequence: number, more?: Partial<EventEnvelope>): EventEnvelope;
  /** What is pending and waits for no dead event. */
  pending(partition?: number, after?: number, limit?: number): Promise<StoredEvent[]>;
  /** Makes `relay` the holder of the test's partition, whatever others are free; returns the epoch. */
  hold(relay: string, ttlMs?: number): Promise<number>;
  /** The test's pending events, as published under an epoch. */
  fencedAt(epoch: number): Promise<Fenced[]>;
}

/** Opens the stores before the tests of the surrounding `describe`, and closes them after. */
export function outboxScene(bench: OutboxBench): OutboxScene {
  let store: OpenOutbox | undefined;
  let rival: OpenOutbox | undefined;
  let base = 0;
  const open = new Set<OpenTransaction>();

  before(async () => {
    store = await bench.open();
    rival = await bench.open();
    await store.ensurePartitions(400);
  });
  after(async () => {
    await store?.close();
    await rival?.close();
  });
  beforeEach(() => {
    base += 10;
  });
  // A test that failed half-way leaves its locks to nobody.
  afterEach(async () => {
    for (const transaction of open) await transaction.end("ROLLBACK");
  });

  const scene: OutboxScene = {
    ...bench,
    begin: async () => {
      const transaction = await bench.begin();
      const tracked: OpenTransaction = {
        ...transaction,
        end: async (how) => {
          open.delete(tracked);
          await transaction.end(how);
        },
      };
      open.add(tracked);
      return tracked;
    },
    get store() {
      return store!;
    },
    get rival() {
      return rival!;
    },
    get base() {
      return base;
    },
    event: (subject, sequence, more = {}) => ({
      id: randomUUID(),
      partition: base,
      source: "/cartwright/orders",
      type: "order.placed",
      subject,
      sequence,
      sequenceName: "orderversion",
      data: JSON.stringify({ subject, sequence }),
      traceparent: null,
      occurredAt: 1_700_000_000_123,
      ...more,
    }),
    pending: (partition = base, after = 0, limit = 1_000) =>
      freePending(scene.store, [{ partition, after }], limit),
    hold: async (relay, ttlMs = 60_000) => {
      const claimed = await scene.store.claim(relay, 400, ttlMs);
      const mine = claimed.find((lease) => lease.partition === base);
      if (!mine) throw new Error("the partition was not free");
      await scene.store.release(
        relay,
        claimed.filter((lease) => lease.partition !== base),
      );
      return mine.epoch;
    },
    fencedAt: async (epoch) =>
      (await scene.pending()).map(({ seq, id, partition }) => ({ seq, id, partition, epoch })),
  };
  return scene;
}
