import type { Logger } from "../../platform/logger/logger.ts";
import type { CommitSubscriber } from "../commit-notifier.ts";
import type { RelayMetrics } from "../metrics.ts";
import type { OutboxStore } from "../store/store.ts";
import { createLeaseKeeper, type LeaseHolder } from "./lease-keeper.ts";
import { createMarker } from "./marker.ts";
import type { Publisher, PublishOutcome } from "./publisher.ts";
import { createReader } from "./reader.ts";
import { createSubjectQueues, type Delivery, type OwnedPartition } from "./subject-queues.ts";

export interface RelayOptions {
  readonly store: OutboxStore;
  readonly publisher: Publisher;
  /** Unique among relays and new at each start. */
  readonly relay: string;
  readonly partitions: number;
  readonly leaseMs: number;
  /** Most events in flight at the broker. */
  readonly window: number;
  /** Refusals after which an event is parked as dead. */
  readonly maxAttempts: number;
  /** First pause after a refusal, in ms; doubles up to 30 s. */
  readonly retryMs: number;
  readonly subscriber: CommitSubscriber;
  /** How long to go without a look at every partition when the subscriber is silent, in ms. */
  readonly pollMs: number;
  readonly metrics: RelayMetrics;
  readonly log: Logger;
}

export interface Relay {
  start(): Promise<void>;
  /** Settles what is in flight, gives the partitions back, and resolves. */
  stop(): Promise<void>;
}

const MAX_RETRY_MS = 30_000;

/**
 * Publishes the outbox: reads its partitions in order, keeps up to `window` events in flight but one per subject, waits for the
 * broker's acceptance, marks in batches. An attempt with unknown outcome is repeated with the same id; a refused one
 * is retried with backoff, then parked as dead, and holds back only its own subject.
 */
export function createRelay(options: RelayOptions): Relay {
  const { store, publisher, relay, partitions, maxAttempts, retryMs, metrics, log } = options;
  const owned = new Map<number, OwnedPartition>();
  /** Sent and unanswered, by partition number, whatever tenure it was sent under. */
  const sent: number[] = [];
  const queues = createSubjectQueues();
  const retries = new Set<NodeJS.Timeout>();
  const stopping = new AbortController();
  let inFlight = 0;
  let window = options.window;
  let resuming = false;
  let settled = () => {};

  const marker = createMarker({
    store,
    relay,
    gatherMs: 25,
    fenced: (partition) => lose(partition, "its marks were held off by the fence"),
    progressed: () => wakeUp(),
    log,
  });
  const reader = createReader({
    store,
    pollMs: options.pollMs,
    capacity: Math.max(16 * options.window, 512),
    partitions: () => [...owned.values()],
    unsettled: (partition) => (sent[partition] ?? 0) + marker.waiting(partition),
    deliver: (delivery) => queues.enter(delivery),
    delivered: () => pump(),
    restart: (partition) => {
      partition.phase = "lost";
      queues.drop(partition);
      owned.set(partition.partition, { ...partition, phase: "waiting", cursor: 0, held: 0 });
      reader.news([partition.partition]);
    },
    log,
  });
  const holder: LeaseHolder = {
    held: (lease, validUntil) => {
      const known = owned.get(lease.partition);
      if (known && known.epoch === lease.epoch && known.phase !== "lost") {
        known.validUntil = validUntil;
        return;
      }
      if (known) lose(lease.partition, "it changed hands meanwhile");
      owned.set(lease.partition, { ...lease, validUntil, phase: "waiting", cursor: 0, held: 0 });
      metrics.owned.set(owned.size);
      reader.news([lease.partition]);
    },
    lost: (partition) => lose(partition, "its lease went to another relay or was released"),
    drained: async (partition) => {
      const known = owned.get(partition);
      if (known) known.phase = "closing";
      while ((sent[partition] ?? 0) > 0) await new Promise<void>((resolve) => onSettled(resolve));
      if (marker.waiting(partition) > 0) await marker.flush();
    },
  };
  const keeper = createLeaseKeeper({ store, relay, partitions, ttlMs: options.leaseMs, holder, log });

  function lose(partition: number, why: string): void {
    const known = owned.get(partition);
    if (!known) return;
    if (known.phase !== "closing") log.warn({ partition, epoch: known.epoch }, `partition given up: ${why}`);
    known.phase = "lost";
    queues.drop(known);
    owned.delete(partition);
    metrics.owned.set(owned.size);
  }

  function pump(): void {
    if (resuming || stopping.signal.aborted) return;
    const now = performance.now();
    while (inFlight < window) {
      const delivery = queues.next();
      if (!delivery) break;
      if (now >= delivery.partition.validUntil) lose(delivery.partition.partition, "its lease ran out");
      else void send(delivery);
    }
    reader.wake();
  }

  async function send(delivery: Delivery): Promise<void> {
    const { event } = delivery;
    inFlight++;
    sent[event.partition] = (sent[event.partition] ?? 0) + 1;
    const alone = inFlight === 1;
    const outcome = await publisher.publish(event);
    inFlight--;
    sent[event.partition]!--;
    await settle(delivery, outcome, alone && window === 1);
    settled();
    pump();
  }

  async function settle(delivery: Delivery, outcome: PublishOutcome, alone: boolean): Promise<void> {
    const { event, partition } = delivery;
    metrics.inFlight.set(inFlight);
    if (outcome.kind === "accepted") {
      metrics.published.inc({ result: "accepted" });
      metrics.latency.observe(Math.max(0, Date.now() - event.occurredAt) / 1000);
      if (window < options.window) window = Math.min(window * 2, options.window);
      marker.accepted({ seq: event.seq, partition: event.partition, epoch: partition.epoch });
      if (partition.phase !== "lost") queues.done(delivery);
    } else if (outcome.kind === "refused") await refused(delivery, outcome.error);
    else {
      metrics.published.inc({ result: "unknown" });
      // One message can end a whole session. Sending one at a time finds out which.
      if (outcome.sessionFault && alone) return refused(delivery, outcome.error);
      if (outcome.sessionFault) window = 1;
      queues.again(delivery);
      void resume(outcome.error);
    }
  }

  async function refused(delivery: Delivery, error: string): Promise<void> {
    const { event, partition } = delivery;
    if (partition.phase === "lost") return;
    delivery.attempts++;
    const dead = delivery.attempts >= maxAttempts;
    metrics.published.inc({ result: dead ? "dead" : "refused" });
    const { seq } = event;
    try {
      const refusal = {
        seq,
        partition: event.partition,
        epoch: partition.epoch,
        attempts: delivery.attempts,
        error,
        dead,
      };
      if (!(await marker.refused(refusal))) return;
    } catch (err) {
      // Not written, so not parked: the event is tried again, and counted again.
      delivery.attempts--;
      log.warn({ err, eventId: event.id }, "a refusal could not be written");
      retryLater(delivery, retryMs);
      return;
    }
    const said = { eventId: event.id, subject: event.subject, attempts: delivery.attempts, reason: error };
    if (dead) {
      log.error(said, "event parked as dead; it holds back its cart until replayed");
      reader.noteDead(event.subject);
      if (delivery.partition.phase !== "lost") queues.park(delivery);
    } else {
      log.warn(said, "the broker refused an event");
      retryLater(delivery, Math.min(retryMs * 2 ** (delivery.attempts - 1), MAX_RETRY_MS));
    }
  }

  function retryLater(delivery: Delivery, delayMs: number): void {
    const timer = setTimeout(() => {
      retries.delete(timer);
      queues.again(delivery);
      pump();
    }, delayMs);
    retries.add(timer);
  }

  /** After a lost connection: nothing is sent until the publisher is ready again. */
  async function resume(reason: string): Promise<void> {
    if (resuming) return;
    resuming = true;
    log.warn({ reason }, "publishing paused until the broker is back");
    try {
      await publisher.ready(stopping.signal);
      log.info("publishing resumed");
    } catch {
      return; // stopping
    } finally {
      resuming = false;
    }
    pump();
  }

  let listeners: (() => void)[] = [];
  function onSettled(listener: () => void): void {
    listeners.push(listener);
    settled = wakeUp;
  }
  function wakeUp(): void {
    const waiting = listeners;
    listeners = [];
    for (const listener of waiting) listener();
    reader.wake();
    reader.settled();
  }

  return {
    start: async () => {
      options.subscriber.listen((notified) =>
        reader.news(notified.filter((partition) => owned.has(partition))),
      );
      await keeper.start();
      reader.start();
    },
    stop: async () => {
      await reader.stop();
      stopping.abort();
      for (const timer of retries) clearTimeout(timer);
      await keeper.stop();
      await marker.flush();
    },
  };
}
