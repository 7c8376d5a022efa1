import type { Logger } from "../../platform/logger/logger.ts";
import type { StoredEvent } from "../event.ts";
import type { RelayMetrics } from "../metrics.ts";
import type { Marker } from "./marker.ts";
import type { Sending } from "./sending.ts";
import type { Delivery, SubjectQueues } from "./subject-queues.ts";

const MAX_RETRY_MS = 30_000;

/**
 * What follows when the answer is no to a message itself: it is tried again with backoff, and after
 * `maxAttempts` (at once when it cannot be encoded: no broker changes that) parked as dead, which
 * holds back only its own subject. Each refusal is written down before anything else happens.
 */
export function createRefusals(options: {
  maxAttempts: number;
  /** First pause, in ms; doubles up to 30 s. */
  retryMs: number;
  marker: Pick<Marker, "refused">;
  queues: SubjectQueues;
  sending: Pick<Sending, "retryLater">;
  /** A delivery begins to wait for its next attempt. */
  waits: (delivery: Delivery) => void;
  /** The event was parked. */
  dead: (event: StoredEvent) => void;
  metrics: RelayMetrics;
  log: Logger;
}): { refused(delivery: Delivery, error: string, about: "encoding" | "message"): Promise<void> } {
  const { maxAttempts, retryMs, marker, queues, sending, metrics, log } = options;

  /** What its subject has behind it must not fill this process's memory meanwhile. */
  function retryLater(delivery: Delivery, delayMs: number): void {
    delivery.waits = true;
    options.waits(delivery);
    sending.retryLater(delivery, delayMs);
  }

  async function refused(delivery: Delivery, error: string, about: "encoding" | "message"): Promise<void> {
    const { event, partition } = delivery;
    if (partition.phase === "lost") return;
    delivery.attempts++;
    const { attempts } = delivery;
    const dead = about === "encoding" || attempts >= maxAttempts;
    metrics.published.inc({ result: dead ? "dead" : "refused" });
    const refusal = {
      seq: event.seq,
      id: event.id,
      partition: event.partition,
      epoch: partition.epoch,
      attempts,
      error,
      dead,
    };
    try {
      if (!(await marker.refused(refusal))) return;
    } catch (err) {
      // Not written, so not parked: the event is tried again, and counted again.
      delivery.attempts--;
      log.warn({ err, eventId: event.id }, "a refusal could not be written");
      retryLater(delivery, retryMs);
      return;
    }
    const said = { eventId: event.id, subject: event.subject, attempts, reason: error };
    if (dead) {
      log.error(said, "event parked as dead; it holds back its subject until replayed");
      options.dead(event);
      queues.park(delivery);
    } else {
      log.warn(said, "the broker refused an event");
      retryLater(delivery, Math.min(retryMs * 2 ** (attempts - 1), MAX_RETRY_MS));
    }
  }

  return { refused };
}
