/** An event as the outbox keeps it: everything a consumer will see, independent of the state it came from. */
export interface OutboxEvent {
  /** UUID; the CloudEvents `id`, the AMQP message-id and the key of every idempotent step. */
  readonly id: string;
  /** The outbox partition, equal to the Redis shard: 0 to CART_SHARDS - 1. Order is kept within it. */
  readonly partition: number;
  /** CloudEvents `type` and AMQP routing key, such as `cart.updated`. */
  readonly type: string;
  /** CloudEvents `subject`: the cart id. Events of one subject reach the broker strictly one after the other. */
  readonly subject: string;
  readonly version: number;
  /** The CloudEvents data: JSON text. */
  readonly payload: string;
  /** W3C trace context of the request that caused the event, when it had one. */
  readonly traceparent: string | null;
  /** When the change happened, in epoch ms by Redis' clock. */
  readonly occurredAt: number;
}

/** An event that lies in the SQL outbox. */
export interface StoredEvent extends OutboxEvent {
  /** Its place in the outbox; rises with commit order within a partition. */
  readonly seq: number;
  /** How often the broker has refused it so far. */
  readonly attempts: number;
}
