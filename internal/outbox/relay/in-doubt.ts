import type { Delivery } from "./subject-queues.ts";

/**
 * Deliveries whose outcome is unknown, because the connection ended while they were in flight.
 * They are sent again one at a time, each alone: so a broker that takes nothing is not flooded
 * with repeats, and a message that makes the broker end the connection is found.
 */
export interface InDoubt {
  add(delivery: Delivery): void;
  /** The next one to be sent alone, or undefined. Those of lost partitions are dropped on the way. */
  next(): Delivery | undefined;
  /** True while there are some: nothing else is to be sent. */
  any(): boolean;
}

export function createInDoubt(): InDoubt {
  let waiting: Delivery[] = [];
  return {
    add: (delivery) => void waiting.push(delivery),
    next: () => {
      let delivery = waiting.shift();
      while (delivery && delivery.partition.phase !== "open") delivery = waiting.shift();
      return delivery;
    },
    any: () => {
      waiting = waiting.filter(({ partition }) => partition.phase === "open");
      return waiting.length > 0;
    },
  };
}
