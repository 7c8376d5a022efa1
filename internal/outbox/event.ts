import type { EventEnvelope } from "../platform/event/event.ts";

/** An event that lies in the SQL outbox. */
export interface StoredEvent extends EventEnvelope {
  /** Its place in the outbox; rises with commit order within a partition. */
  readonly seq: number;
  /** How often the broker has refused it so far. */
  readonly attempts: number;
}
