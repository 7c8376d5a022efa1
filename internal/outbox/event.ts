import type { EventEnvelope } from "../platform/event/event.ts";

/** An event that lies in the SQL outbox. */
export interface StoredEvent extends EventEnvelope {
  /** Its place in the outbox; rises with commit order within a partition. */
  readonly seq: number;
  /** How often the broker has refused it so far. */
  readonly attempts: number;
}

/** A pending event of which an earlier one of its subject is dead: it must not be sent before that. */
export interface WaitingEvent {
  readonly seq: number;
  readonly partition: number;
  readonly subject: string;
  /** The first dead event of its subject, as a rule of the same partition. */
  readonly waitsFor: { readonly seq: number; readonly partition: number };
}

export type PendingEvent = StoredEvent | WaitingEvent;

export function isWaiting(event: PendingEvent): event is WaitingEvent {
  return "waitsFor" in event;
}
