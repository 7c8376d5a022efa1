import { createLineBudget } from "../../platform/logger/line-budget.ts";
import type { Logger } from "../../platform/logger/logger.ts";
import type { RelayMetrics } from "../metrics.ts";
import { createInDoubt } from "./in-doubt.ts";
import type { Publisher, PublishOutcome } from "./publisher.ts";
import type { Delivery, SubjectQueues } from "./subject-queues.ts";
import { createTroubledKeys } from "./troubled-keys.ts";

/** Sends what is ready, as much as the broker bears, and sorts the outcomes. */
export interface Sending {
  /** Something may be ready: send while there is room. */
  pump(): void;
  /** Sent and unanswered of a partition, whatever tenure it was sent under. */
  unanswered(partition: number): number;
  /** Puts a delivery back after a pause, in ms. */
  retryLater(delivery: Delivery, delayMs: number): void;
  /** Why some events wait for the broker, for people; null while none does. */
  trouble(): string | null;
  /** Sends nothing more; what is in flight may still be answered. */
  stop(): void;
}

/**
 * How often in a row a connection must end over one message of
 * a type sent alone before it counts as their doing.
 */
const SUSPICIONS = 2;
const PROBE_MS = { first: 500, most: 5_000 };

/**
 * Keeps up to `window` deliveries in flight. `accepted` and `refused` are told what the broker said of a
 * message; the rest is dealt with here: what the broker's state forbids waits by routing key ({@link
 * createTroubledKeys}), what is in doubt is sent again alone ({@link createInDoubt}), and nothing is sent
 * while there is no connection.
 */
export function createSending(options: {
  publisher: Publisher;
  queues: SubjectQueues;
  window: number;
  /** Asked right before a delivery is sent: false when its lease has run out. */
  allowed: (delivery: Delivery) => boolean;
  accepted: (delivery: Delivery) => void;
  refused: (delivery: Delivery, error: string, about: "encoding" | "message") => Promise<void>;
  /** A delivery has its outcome, and what follows from it was done. */
  settled: () => void;
  /** A delivery has to leave this process's memory; it is to be read again on {@link reread}. */
  shed: (delivery: Delivery) => void;
  /** A delivery begins to wait for the broker. */
  waits: (delivery: Delivery) => void;
  /** What was shed may be read again. */
  reread: () => void;
  metrics: RelayMetrics;
  log: Logger;
}): Sending {
  const { publisher, queues, allowed, accepted, refused, settled, metrics, log } = options;
  const unanswered: number[] = [];
  const retries = new Set<NodeJS.Timeout>();
  const stopping = new AbortController();
  const inDoubt = createInDoubt();
  /** Connections that ended over a message sent alone, by type, since one of the type was accepted. */
  const suspicions = new Map<string, number>();
  const [troubleLines, pauseLines] = [createLineBudget(), createLineBudget()];
  const troubled = createTroubledKeys({
    firstMs: PROBE_MS.first,
    mostMs: PROBE_MS.most,
    mostWaiting: Math.ceil(options.window / 2),
    shed: options.shed,
    reread: options.reread,
    waits: options.waits,
    ready: (deliveries, alone) => {
      if (!alone) return requeue(deliveries);
      for (const delivery of deliveries) inDoubt.add(delivery);
      pump();
    },
    changed: troubleChanged,
  });
  let inFlight = 0;
  /** One is in flight that nothing may be sent beside. */
  let solo = false;
  let resuming = false;

  function requeue(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) queues.requeue(delivery);
    pump();
  }

  function pump(): void {
    while (!(resuming || solo || stopping.signal.aborted)) {
      const alone = inDoubt.any();
      if (inFlight >= (alone ? 1 : options.window)) return;
      const delivery = alone ? inDoubt.next() : queues.next();
      if (!delivery) return;
      if (troubled.hold(delivery)) continue;
      if (allowed(delivery)) void send(delivery, alone);
    }
  }

  async function send(delivery: Delivery, alone: boolean): Promise<void> {
    const { partition } = delivery.event;
    const connected = publisher.fault() === null;
    solo = alone;
    inFlight++;
    unanswered[partition] = (unanswered[partition] ?? 0) + 1;
    const outcome = await publisher.publish(delivery.event);
    inFlight--;
    if (alone) solo = false;
    unanswered[partition] = unanswered[partition]! - 1;
    metrics.inFlight.set(inFlight);
    await settle(delivery, outcome, alone && connected);
    settled();
    pump();
  }

  async function settle(delivery: Delivery, outcome: PublishOutcome, alone: boolean): Promise<void> {
    if (outcome.kind === "accepted") {
      metrics.published.inc({ result: "accepted" });
      troubled.accepted(delivery);
      suspicions.delete(delivery.event.type);
      accepted(delivery);
    } else if (outcome.kind === "unknown") await unknown(delivery, outcome, alone);
    else if (outcome.about === "message" || outcome.about === "encoding") {
      troubled.unanswered(delivery);
      await refused(delivery, outcome.error, outcome.about);
    } else {
      metrics.published.inc({ result: "deferred" });
      metrics.deferred.inc({ reason: outcome.about });
      troubled.note(delivery, outcome.about);
    }
  }

  async function unknown(
    delivery: Delivery,
    outcome: Extract<PublishOutcome, { kind: "unknown" }>,
    alone: boolean,
  ): Promise<void> {
    metrics.published.inc({ result: "unknown" });
    void resume(outcome.error);
    if (alone && !outcome.sessionFault && (suspect(delivery) || troubled.resets(delivery))) {
      metrics.deferred.inc({ reason: "reset" });
      return troubled.note(delivery, "reset");
    }
    troubled.unanswered(delivery);
    if (alone && outcome.sessionFault) await refused(delivery, outcome.error, "message");
    else inDoubt.add(delivery);
  }

  /**
   * Counts a connection that ended over a delivery sent alone; true when that is enough to blame its type.
   */
  function suspect({ event }: Delivery): boolean {
    const count = (suspicions.get(event.type) ?? 0) + 1;
    suspicions.set(event.type, count);
    return count >= SUSPICIONS;
  }

  function troubleChanged(count: number): void {
    metrics.troubledKeys.set(count);
    const leftOut = troubleLines.take();
    if (leftOut === null) return;
    const reason = troubled.describe();
    if (reason === null) log.info({ leftOut }, "the broker takes every event again");
    else log.warn({ reason, leftOut }, "the broker does not take some events; they wait until it does");
  }

  /** After a lost connection: nothing is sent until the publisher is ready again. */
  async function resume(reason: string): Promise<void> {
    if (resuming) return;
    resuming = true;
    const leftOut = pauseLines.take();
    if (leftOut !== null) log.warn({ reason, leftOut }, "publishing paused until the broker is back");
    try {
      await publisher.ready(stopping.signal);
      if (leftOut !== null) log.info("publishing resumed");
    } catch (err) {
      if (!stopping.signal.aborted) throw err;
    } finally {
      resuming = false;
    }
    pump();
  }

  return {
    pump,
    unanswered: (partition) => unanswered[partition] ?? 0,
    retryLater: (delivery, delayMs) => {
      const timer = setTimeout(() => {
        retries.delete(timer);
        requeue([delivery]);
      }, delayMs);
      retries.add(timer);
    },
    trouble: () => troubled.describe(),
    stop: () => {
      stopping.abort();
      troubled.stop();
      for (const timer of retries) clearTimeout(timer);
    },
  };
}
