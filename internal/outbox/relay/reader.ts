import type { Logger } from "../../platform/logger/logger.ts";
import { isWaiting, type PendingEvent, type StoredEvent } from "../event.ts";
import type { OutboxStore } from "../store/store.ts";
import { createInterruptiblePause } from "./interruptible-pause.ts";
import type { OwnedPartition, OwnedPartitions } from "./owned-partitions.ts";
import { createPartitionsBehind } from "./partitions-behind.ts";
import { createPassedEvents } from "./passed-events.ts";
import { type Delivery, deliveryOf, type SubjectQueues } from "./subject-queues.ts";

/** Reads ahead of the broker: keeps the queues supplied from the partitions this relay owns. */
export interface Reader {
  start(): void;
  stop(): Promise<void>;
  /** These partitions may have new events. */
  news(partitions: readonly number[]): void;
  /** Something sent or marked is settled: there may be room in the queues, or a partition may be opened. */
  wake(): void;
  /** This relay has parked the event. */
  noteDead(event: StoredEvent): void;
  /** Nothing more of the delivery's subject is read, until its partition is read again. */
  skip(delivery: Delivery): void;
  /** Reads the partition again, but for what waits for dead events before anything else. */
  restart(partition: OwnedPartition): void;
  /** Reads every partition again of which something was skipped. */
  restartSkipped(): void;
}

/** A partition of which so many subjects are skipped is read no further. */
const MOST_SKIPPED = 10_000;

/**
 * Reads begin at least this far apart, in ms, unless they are
 * full: many small ones cost more than they bring.
 */
const PACE_MS = 2;
const FULL_READ = 256;
/** Fewer of a partition are not asked for; so many times the partitions of a read is at most the room. */
const LEAST_OF_ONE = 32;

/**
 * Each turn asks for what lies beyond the cursors of the open partitions that have news, in one query, as
 * long as fewer than `capacity` events are held. Where these are too many for the room, some are asked for at
 * a time. Every `pollMs` all count as having news. A cursor is safe because within a partition events become
 * visible in seq order (the forwarder commits them so). A partition is opened only when nothing sent or
 * marked under an earlier tenure is outstanding, so that its events are not sent twice for nothing.
 */
export function createReader(options: {
  store: Pick<OutboxStore, "pending" | "pendingBehind" | "deadSubjects">;
  owned: OwnedPartitions;
  queues: SubjectQueues;
  /** How long to go without a look at every partition, in ms. */
  pollMs: number;
  /** Most events read and not yet settled. */
  capacity: number;
  /** What is sent and unanswered, or answered and not yet marked, of a partition. */
  unsettled: (partition: number) => number;
  /** Events have entered the queues. */
  delivered: () => void;
  /** Each turn: of how many partitions that move there is more than could be read. */
  behind: (partitions: number) => void;
  log: Logger;
}): Reader {
  const { store, owned, queues, pollMs, capacity, unsettled, delivered, log } = options;
  /** Partitions that may have events beyond their cursor. */
  const fresh: boolean[] = [];
  const behind = createPartitionsBehind({ queues, readable });
  let lookedAtAll = Number.NEGATIVE_INFINITY;
  let readAt = Number.NEGATIVE_INFINITY;
  const passed = createPassedEvents(store, owned.all, log);
  /** Subjects of which events were left out, by partition; what follows them waits with them. */
  const skipped = new WeakMap<OwnedPartition, Set<string>>();
  let loop: Promise<void> = Promise.resolve();
  let stopped = false;
  let failures = 0;
  let lastInTurn = -1;
  const pausing = createInterruptiblePause();

  async function run(): Promise<void> {
    while (!stopped) {
      let found = 0;
      try {
        // Before a partition is first read, too: a later replay shows only against what was known.
        restartFromStart(await passed.replayed(canOpen()));
        restartFromStart(await passed.goneBack(idle));
        if (performance.now() - lookedAtAll >= pollMs) lookAtAll();
        found = await read();
        options.behind(behind.count());
        if (failures > 0) log.info("the outbox can be read again");
        failures = 0;
      } catch (err) {
        if (failures++ === 0) log.warn({ err }, "the outbox cannot be read");
        options.behind(behind.count());
        // It may come back without its last commits and count them again, behind the cursors.
        restartFromStart(owned.all());
        await pause(Math.min(50 * 2 ** failures, 1_000));
        continue;
      }
      if (room() === 0) await pause(1_000, "room");
      else if (!hasNews() && !canOpen())
        await pause(Math.min(lookedAtAll + pollMs, passed.nextLook()) - performance.now(), "news");
      if (found < FULL_READ) await pause(readAt + PACE_MS - performance.now());
    }
  }

  function hasNews(): boolean {
    return owned.all().some((each) => each.phase === "open" && fresh[each.partition] && readable(each));
  }

  function readable(partition: OwnedPartition): boolean {
    return (skipped.get(partition)?.size ?? 0) < MOST_SKIPPED;
  }

  function skip({ event, partition }: Delivery): void {
    const subjects = skipped.get(partition);
    if (subjects) subjects.add(event.subject);
    else skipped.set(partition, new Set([event.subject]));
  }

  function canOpen(): boolean {
    return owned
      .all()
      .some(({ partition, phase }) => phase === "waiting" && fresh[partition] && unsettled(partition) === 0);
  }

  function lookAtAll(): void {
    for (const { partition } of owned.all()) fresh[partition] = true;
    lookedAtAll = performance.now();
  }

  function room(): number {
    return Math.max(0, capacity - queues.held());
  }

  async function read(): Promise<number> {
    const space = room();
    if (space === 0) return 0;
    const due = owned.all().filter((each) => fresh[each.partition] && opened(each) && readable(each));
    const open = inTurn(due, Math.ceil(space / LEAST_OF_ONE));
    if (open.length === 0) return 0;
    const limit = Math.max(LEAST_OF_ONE, Math.ceil(space / open.length));
    for (const { partition } of open) fresh[partition] = false;
    readAt = performance.now();
    let events: PendingEvent[];
    try {
      events = await store.pending(
        open.map(({ partition, cursor }) => ({ partition, after: cursor })),
        limit,
      );
    } catch (err) {
      for (const { partition } of open) fresh[partition] = true;
      throw err;
    }
    const byNumber = new Map(open.map((partition) => [partition.partition, { partition, found: 0 }]));
    for (const event of events) {
      const entry = byNumber.get(event.partition)!;
      const { partition } = entry;
      if (++entry.found === limit) fresh[event.partition] = true;
      if (partition.phase !== "open") continue;
      owned.advance(partition, event.seq, isWaiting(event));
      if (isWaiting(event)) {
        // What it waits for may be replayed before the dead are next asked for.
        passed.noteDead({ subject: event.subject, ...event.waitsFor });
        continue;
      }
      if (passed.waitsForDead(event) || skipped.get(partition)?.has(event.subject)) continue;
      const delivery = deliveryOf(event, partition);
      if (!queues.enter(delivery)) skip(delivery);
    }
    for (const { partition, found } of byNumber.values()) behind.read(partition, found >= limit);
    if (events.length > 0) delivered();
    return events.length;
  }

  /** The next `most` of them, beginning after the one that was last read, so that none waits for ever. */
  function inTurn(due: readonly OwnedPartition[], most: number): readonly OwnedPartition[] {
    if (due.length <= most) return due;
    const sorted = due.toSorted((a, b) => a.partition - b.partition);
    const ahead = sorted.filter(({ partition }) => partition > lastInTurn);
    const chosen = [...ahead, ...sorted].slice(0, most);
    lastInTurn = chosen.at(-1)!.partition;
    return chosen;
  }

  function opened(partition: OwnedPartition): boolean {
    const settled = unsettled(partition.partition) === 0;
    // One that was gained while the database was asked is opened after the next look.
    if (partition.phase === "waiting" && settled && passed.knows(partition.partition)) owned.open(partition);
    return partition.phase === "open";
  }

  /** Of which nothing is held, sent or left out: what is pending behind its cursor has come there. */
  function idle(each: OwnedPartition): boolean {
    return each.phase === "open" && queues.held(each) + unsettled(each.partition) === 0 && !skipped.has(each);
  }

  /** As they are held now: while the database was asked, some may have begun to be read beyond what waits. */
  function restartFromStart(partitions: readonly OwnedPartition[]): void {
    for (const { partition } of partitions) {
      const now = owned.get(partition);
      if (now) restart(now, 0);
    }
  }

  /** One that waits to be opened begins at `cursor` if it would beyond. */
  function restart(partition: OwnedPartition, cursor: number): void {
    const beyond = partition.phase === "waiting" && partition.cursor > cursor;
    if (partition.phase !== "open" && !beyond) return;
    owned.restart(partition, cursor);
    queues.drop(partition);
    fresh[partition.partition] = true;
  }

  async function pause(ms: number, until?: "news" | "room"): Promise<void> {
    if (!stopped) await pausing.pause(ms, until);
  }

  function wake(): void {
    if (pausing.until() === "room" && room() >= capacity / 2) pausing.wake();
    else if (pausing.until() === "news" && canOpen()) pausing.wake();
  }

  return {
    start: () => {
      loop = run();
    },
    stop: async () => {
      stopped = true;
      pausing.wake();
      await loop;
    },
    news: (partitions) => {
      if (partitions.length === 0) return;
      for (const partition of partitions) fresh[partition] = true;
      if (pausing.until() === "news") pausing.wake();
    },
    wake,
    skip,
    restart: (partition) => {
      restart(partition, partition.waitsTo);
      wake();
    },
    restartSkipped: () => {
      for (const partition of owned.all()) if (skipped.has(partition)) restart(partition, partition.waitsTo);
      wake();
    },
    noteDead: passed.noteDead,
  };
}
