import type { Logger } from "../../platform/logger/logger.ts";
import type { CommitSubscriber } from "../commit-notifier.ts";
import type { RelayMetrics } from "../metrics.ts";
import type { OutboxStore } from "../store/store.ts";
import { createLeaseKeeper, type LeaseKeeper } from "./lease-keeper.ts";
import { createMarker, type Marker } from "./marker.ts";
import { createOwnedPartitions, type OwnedPartitions } from "./owned-partitions.ts";
import type { Publisher } from "./publisher.ts";
import { createReader, type Reader } from "./reader.ts";
import { createRefusals } from "./refusals.ts";
import { createSending, type Sending } from "./sending.ts";
import { createSubjectQueues, type Delivery } from "./subject-queues.ts";
import { createTenure } from "./tenure.ts";

export interface RelayOptions {
  readonly store: OutboxStore;
  readonly publisher: Publisher;
  /** Unique among relays and new at each start. */
  readonly relay: string;
  readonly partitions: number;
  readonly leaseMs: number;
  /** Most events in flight at the broker. */
  readonly window: number;
  /** Refusals of a message after which its event is parked as dead. */
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
  /** Why some events wait for the broker though it is connected, for people; null while none does. */
  trouble(): string | null;
  /** Settles what is in flight, gives the partitions back, and resolves. */
  stop(): Promise<void>;
}

/**
 * Publishes the outbox: reads its partitions in order, keeps up to `window` events in flight but one per
 * subject, waits for the broker's acceptance, marks in batches. An attempt with unknown outcome is repeated
 * with the same id. What the broker's state forbids waits for as long as it lasts. A refused message is tried
 * again with backoff, then parked as dead, and holds back only its own subject.
 */
export function createRelay(options: RelayOptions): Relay {
  const { store, publisher, relay, metrics, log } = options;
  const owned = createOwnedPartitions();
  const queues = createSubjectQueues();
  const settled = () => {
    tenure.settled();
    reader.wake();
  };
  /** Of what waits only so much is kept; the rest is read again. */
  const waits = (delivery: Delivery) => {
    if (queues.trim(delivery)) reader.skip(delivery);
  };
  const tenure = createTenure({
    owned,
    queues,
    gained: (partition) => reader.news([partition]),
    unanswered: (partition) => sending.unanswered(partition),
    flushMarks: async (partition) => {
      if (marker.waiting(partition) > 0) await marker.flush();
    },
    metrics,
    log,
  });
  const marker = createMarker({
    store,
    relay,
    gatherMs: 25,
    fenced: tenure.fenced,
    progressed: settled,
    log,
  });
  const sending = createSending({
    publisher,
    queues,
    window: options.window,
    allowed: ({ partition }) => tenure.valid(partition),
    accepted: (delivery) => noteAccepted(delivery),
    refused: (delivery, error, about) => refusals.refused(delivery, error, about),
    settled,
    waits,
    shed: (delivery) => {
      queues.park(delivery);
      reader.skip(delivery);
    },
    reread: () => reader.restartSkipped(),
    metrics,
    log,
  });
  const reader = createReader({
    store,
    owned,
    queues,
    pollMs: options.pollMs,
    capacity: Math.max(16 * options.window, 512),
    unsettled: (partition) => sending.unanswered(partition) + marker.waiting(partition),
    delivered: sending.pump,
    behind: (count) => metrics.behind.set(count),
    log,
  });
  const refusals = createRefusals({ ...options, marker, queues, sending, waits, dead: reader.noteDead });
  let accepts = false;
  /** While it sends much, the broker takes nothing for moments: what it accepted since last asked counts. */
  const able = () => {
    const accepted = accepts;
    accepts = false;
    return accepted || publisher.fault() === null;
  };
  const keeper = createLeaseKeeper({ ...options, ttlMs: options.leaseMs, holder: tenure, able });

  function noteAccepted(delivery: Delivery): void {
    accepts = true;
    const { event, partition } = delivery;
    metrics.latency.observe({}, Math.max(0, Date.now() - event.occurredAt) / 1000, event.traceparent);
    const { seq, id } = event;
    marker.accepted({ seq, id, partition: event.partition, epoch: partition.epoch });
    queues.done(delivery);
    if (delivery.trimmed) reader.restart(partition);
  }

  return runRelay({ options, owned, reader, sending, keeper, marker });
}

/** Starts and stops the parts in order. */
function runRelay(parts: {
  options: RelayOptions;
  owned: OwnedPartitions;
  reader: Reader;
  sending: Sending;
  keeper: LeaseKeeper;
  marker: Marker;
}): Relay {
  const { options, owned, reader, sending, keeper, marker } = parts;
  return {
    start: async () => {
      options.subscriber.listen((notified) =>
        reader.news(notified.filter((partition) => owned.get(partition) !== undefined)),
      );
      await keeper.start();
      reader.start();
    },
    trouble: sending.trouble,
    stop: async () => {
      await reader.stop();
      sending.stop();
      await keeper.stop();
      await marker.flush();
    },
  };
}
