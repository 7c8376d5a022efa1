import type { OwnedPartition } from "../outbox/relay/owned-partitions.ts";
import { type Delivery, deliveryOf } from "../outbox/relay/subject-queues.ts";
import { ORIGIN } from "./event-origin.ts";

/** A partition as a relay holds it, whose state a test may set. */
export type TestPartition = { -readonly [K in keyof OwnedPartition]: OwnedPartition[K] };

export const openPartition = (partition = 0): TestPartition => ({
  partition,
  epoch: 1,
  validUntil: Number.POSITIVE_INFINITY,
  phase: "open",
  cursor: 0,
  waitsTo: 0,
});

/** A delivery of the event `<subject>-<sequence>`. */
export const testDelivery = (
  partition: OwnedPartition,
  subject: string,
  sequence = 1,
  type = "cart.updated",
): Delivery =>
  deliveryOf(
    {
      id: `${subject}-${sequence}`,
      seq: sequence,
      partition: partition.partition,
      ...ORIGIN,
      type,
      subject,
      sequence,
      data: "{}",
      traceparent: null,
      occurredAt: 0,
      attempts: 0,
    },
    partition,
  );
