import { createDictionary, type Dictionary } from "../../platform/memory/dictionary.ts";
import type { StoredEvent } from "../event.ts";
import type { OwnedPartition } from "./owned-partitions.ts";

/** An event on its way through this relay, under the lease it was read with. */
export interface Delivery {
  readonly event: StoredEvent;
  readonly partition: OwnedPartition;
  /** Refusals of the message so far, those before this relay included. */
  attempts: number;
  /** How often the connection broke while it was the only one in flight. */
  suspicions: number;
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
  /** Puts an event back as ready; its subject's later ones still wait for it. */
  requeue(delivery: Delivery): void;
  /** The event is settled for good; the next of its subject becomes ready. */
  done(delivery: Delivery): void;
  /** The event is parked: everything behind it in its subject leaves too, and is read again after a replay. */
  park(delivery: Delivery): void;
  /** Drops everything of a partition that is not in flight. */
  drop(partition: OwnedPartition): void;
  /** Events read and not yet settled. */
  held(): number;
}

interface PartitionQueues {
  /** Behind the one that is ready or in flight, by subject. */
  readonly behind: Dictionary<Delivery[]>;
  held: number;
}

export function createSubjectQueues(): SubjectQueues {
  const partitions = new Map<OwnedPartition, PartitionQueues>();
  let ready: Delivery[] = [];
  let head = 0;
  let held = 0;

  function settle(delivery: Delivery, count: number): PartitionQueues | undefined {
    const queues = partitions.get(delivery.partition);
    if (!queues) return undefined;
    queues.held -= count;
    held -= count;
    return queues;
  }

  return {
    enter: (delivery) => {
      const { partition, event } = delivery;
      let queues = partitions.get(partition);
      if (queues === undefined) {
        queues = { behind: createDictionary(), held: 0 };
        partitions.set(partition, queues);
      }
      queues.held++;
      held++;
      const behind = queues.behind.get(event.subject);
      if (behind) behind.push(delivery);
      else {
        queues.behind.set(event.subject, []);
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
    requeue: (delivery) => {
      if (delivery.partition.phase === "open") ready.push(delivery);
    },
    done: (delivery) => {
      const queues = settle(delivery, 1);
      const following = queues?.behind.get(delivery.event.subject)?.shift();
      if (following) ready.push(following);
      else queues?.behind.delete(delivery.event.subject);
    },
    park: (delivery) => {
      const behind = partitions.get(delivery.partition)?.behind.get(delivery.event.subject);
      settle(delivery, 1 + (behind?.length ?? 0))?.behind.delete(delivery.event.subject);
    },
    drop: (partition) => {
      held -= partitions.get(partition)?.held ?? 0;
      partitions.delete(partition);
    },
    held: () => held,
  };
}
