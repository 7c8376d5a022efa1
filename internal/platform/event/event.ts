/**
 * An event as every feature hands it on: the attributes of CloudEvents 1.0, and what keeps it in order
 * on its way. Everything a consumer will see is in it, independent of the state it came from.
 */
export interface EventEnvelope {
  /** UUID; the CloudEvents `id`, the AMQP message-id and the key of every idempotent step. */
  readonly id: string;
  /** The outbox partition, from 0; for carts the Redis shard. Order is kept within it. */
  readonly partition: number;
  /**
   * CloudEvents `source`: the feature that it comes from, such as `/cartwright/cart`; at most 200 characters.
   */
  readonly source: string;
  /** CloudEvents `type` and AMQP routing key, such as `cart.updated`; at most 64 characters. */
  readonly type: string;
  /**
   * CloudEvents `subject`, at most 64 characters. Events of one
   * subject reach the broker strictly one after the other.
   */
  readonly subject: string;
  /** The subject's own count of its events: a whole number that rises with each. */
  readonly sequence: number;
  /** The CloudEvents extension that carries `sequence`: lower-case letters and digits, at most 20. */
  readonly sequenceName: string;
  /** The CloudEvents data: JSON text. */
  readonly data: string;
  /** W3C trace context of the request that caused the event, when it had one. */
  readonly traceparent: string | null;
  /** When the change happened, in epoch ms. */
  readonly occurredAt: number;
}

/** What all events of a feature have in common. */
export type EventOrigin = Pick<EventEnvelope, "source" | "sequenceName">;

/**
 * An event staged in a shard's Redis stream in the same step as
 * the change it tells of, not yet known to be in SQL.
 */
export interface StagedEvent {
  /** The stream entry's id, `<ms>-<n>`. */
  readonly entryId: string;
  /**
   * The shard's staging counter at this event: rises by exactly
   * one per staged event while Redis keeps its memory.
   */
  readonly ordinal: number;
  readonly event: EventEnvelope;
}
