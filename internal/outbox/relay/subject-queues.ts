import { createDictionary, type Dictionary } from "../../platform/memory/dictionary.ts";
import type { StoredEvent } from "../event.ts";
import type { OwnedPartition } from "./owned-partitions.ts";

/** An event on its way through this relay, under the lease it was read with. */
export interface Delivery {
  readonly event: StoredEvent;
  readonly partition: OwnedPartition;
  /** Refusals of the message so far, those before this relay included. */
  attempts: number;
  /** How often the broker's state forbade it. */
  deferrals: number;
  /** Deliveries of its key accepted when it was last forbidden. */
  acceptedThen: number;
  /** How often others of its key were accepted between two times that it was forbidden. */
  passed: number;
  /** True while it waits for the broker: then only so many of its subject are kept behind it. */
  waits: boolean;
  /** Later events of its subject were left out: its partition is to be read again when it is settled. */
  trimmed: boolean;
}

/** What was read of an event, before its first attempt. */
export function deliveryOf(event: StoredEvent, partition: OwnedPartition): Delivery {
  return {
    event,
    partition,
    attempts: event.attempts,
    deferrals: 0,
    acceptedThen: 0,
    passed: 0,
    waits: false,
    trimmed: false,
  };
}

/** How many of a subject are kept behind one that waits for the broker. */
export const MOST_BEHIND = 8;

/**
 * Order within a subject: of each subject at most one event is ready or in
 * flight, the later ones queue behind it. Different subjects go side by side.
 */
export interface SubjectQueues {
  /** Takes an event as read, in seq order. False when it was left out, because enough wait in its subject. */
  enter(delivery: Delivery): boolean;
  /** Leaves out what lies too far behind a delivery that waits; true when there was something. */
  trim(delivery: Delivery): boolean;
  /** The next event that may be sent, or undefined. Events of lost partitions are dropped on the way. */
  next(): Delivery | undefined;
  /** Puts an event back as ready; its subject's later ones still wait for it. */
  requeue(delivery: Delivery): void;
  /** The event is settled for good; the next of its subject becomes ready. */
  done(delivery: Delivery): void;
  /**
   * The event leaves without being sent, with everything behind it in its subject; all are read again later.
   */
  park(delivery: Delivery): void;
  /** Drops everything of a partition that is not in flight. */
  drop(partition: OwnedPartition): void;
  /** Events read and not yet settled, of one partition or of all. */
  held(partition?: OwnedPartition): number;
  /** How many events of the partition were settled for good since it is read; 0 after {@link drop}. */
  settled(partition: OwnedPartition): number;
}

interface SubjectQueue {
  /** Ready, in flight, or waiting for the broker. */
  head: Delivery;
  readonly behind: Delivery[];
}

interface PartitionQueues {
  readonly subjects: Dictionary<SubjectQueue>;
  held: number;
  settled: number;
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
        queues = { subjects: createDictionary(), held: 0, settled: 0 };
        partitions.set(partition, queues);
      }
      const queue = queues.subjects.get(event.subject);
      if (queue?.head.waits && queue.behind.length >= MOST_BEHIND) {
        queue.head.trimmed = true;
        return false;
      }
      queues.held++;
      held++;
      if (queue) queue.behind.push(delivery);
      else {
        queues.subjects.set(event.subject, { head: delivery, behind: [] });
        ready.push(delivery);
      }
      return true;
    },
    trim: (delivery) => {
      const behind = partitions.get(delivery.partition)?.subjects.get(delivery.event.subject)?.behind;
      if (!behind || behind.length <= MOST_BEHIND) return false;
      settle(delivery, behind.splice(MOST_BEHIND).length);
      delivery.trimmed = true;
      return true;
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
      if (queues) queues.settled++;
      const queue = queues?.subjects.get(delivery.event.subject);
      const following = queue?.behind.shift();
      if (queue && following) {
        queue.head = following;
        ready.push(following);
      } else queues?.subjects.delete(delivery.event.subject);
    },
    park: (delivery) => {
      const { subject } = delivery.event;
      const behind = partitions.get(delivery.partition)?.subjects.get(subject)?.behind;
      settle(delivery, 1 + (behind?.length ?? 0))?.subjects.delete(subject);
    },
    drop: (partition) => {
      held -= partitions.get(partition)?.held ?? 0;
      partitions.delete(partition);
    },
    held: (partition) => (partition ? (partitions.get(partition)?.held ?? 0) : held),
    settled: (partition) => partitions.get(partition)?.settled ?? 0,
  };
}
