import { createDictionary, type Dictionary } from "../../platform/memory/dictionary.ts";
import type { StoredEvent } from "../event.ts";

/** An event on its way through this relay, under the lease it was read with. */
export interface Delivery {
  readonly event: StoredEvent;
  readonly partition: OwnedPartition;
  /** Refusals so far, those before this relay included. */
  attempts: number;
}

/** One partition as this relay holds it; a new object each time it is gained. */
export interface OwnedPartition {
  readonly partition: number;
  readonly epoch: number;
  /** performance.now() until which the lease is surely ours. */
  validUntil: number;
  /** `waiting` until everything sent under an earlier tenure is settled; `closing` while it is being given up. */
  phase: "waiting" | "open" | "closing" | "lost";
  /** The last seq read. */
  cursor: number;
  /** Events read and not yet settled. */
  held: number;
}

/**
 * Order within a subject: of each subject at most one event is ready or in flight, the later ones queue behind it.
 * Different subjects go side by side.
 */
export interface SubjectQueues {
  /** Takes an event as read, in seq order. */
  enter(delivery: Delivery): void;
  /** The next event that may be sent, or undefined. Events of lost partitions are dropped on the way. */
  next(): Delivery | undefined;
  /** Puts an event back at the head of its subject, ready again. */
  again(delivery: Delivery): void;
  /** The event is settled for good; the next of its subject becomes ready. */
  done(delivery: Delivery): void;
  /** The event is parked: everything behind it in its subject leaves too, and is read again after a replay. */
  park(delivery: Delivery): void;
  /** Drops everything of a partition that is not in flight. */
  drop(partition: OwnedPartition): void;
}

export function createSubjectQueues(): SubjectQueues {
  const behind = new Map<OwnedPartition, Dictionary<Delivery[]>>();
  let ready: Delivery[] = [];
  let head = 0;

  function queueOf({ partition, event }: Delivery): Delivery[] | undefined {
    return behind.get(partition)?.get(event.subject);
  }

  function close({ partition, event }: Delivery): void {
    behind.get(partition)?.delete(event.subject);
  }

  return {
    enter: (delivery) => {
      const { partition, event } = delivery;
      partition.held++;
      let queues = behind.get(partition);
      if (queues === undefined) {
        queues = createDictionary();
        behind.set(partition, queues);
      }
      const queue = queues.get(event.subject);
      if (queue) queue.push(delivery);
      else {
        queues.set(event.subject, []);
        ready.push(delivery);
      }
    },
    next: () => {
      while (head < ready.length) {
        const delivery = ready[head++]!;
        if (head > 1_024 && head * 2 > ready.length) {
          ready = ready.slice(head);
          head = 0;
        }
        if (delivery.partition.phase === "open") return delivery;
      }
      ready = [];
      head = 0;
      return undefined;
    },
    again: (delivery) => {
      if (delivery.partition.phase === "open") ready.push(delivery);
    },
    done: (delivery) => {
      delivery.partition.held--;
      const following = queueOf(delivery)?.shift();
      if (following) ready.push(following);
      else close(delivery);
    },
    park: (delivery) => {
      delivery.partition.held -= 1 + (queueOf(delivery)?.length ?? 0);
      close(delivery);
    },
    drop: (partition) => {
      behind.delete(partition);
      partition.held = 0;
    },
  };
}
