import type { EventEnvelope } from "../../platform/event/event.ts";

/** What became of one attempt to publish. */
export type PublishOutcome =
  /** The broker has taken responsibility for it. */
  | { readonly kind: "accepted" }
  /**
   * The broker did not take it. `about` says why: the message itself (`encoding`: it cannot
   * even be written down; `message`: it is too large, or not allowed), or a state of the
   * broker that may pass: a queue is full or not available, or none is bound.
   */
  | {
      readonly kind: "refused";
      readonly about: "encoding" | "message" | "full" | "unavailable" | "unroutable";
      readonly error: string;
    }
  /**
   * The connection, session or link ended before the broker answered: it may or may not
   * have it. `sessionFault` is true when the broker ended the session or link with an
   * error that a message may have caused, false when the connection was lost.
   */
  | { readonly kind: "unknown"; readonly sessionFault: boolean; readonly error: string };

/**
 * Sends events to the broker; many may be in flight. The
 * caller keeps per-subject order by awaiting the outcome.
 */
export interface Publisher {
  /**
   * Publishes one event and resolves with its outcome; never rejects and never hangs: when the connection is
   * lost everything in flight resolves as unknown at once, and so does an attempt not answered within the
   * configured time (which ends the connection, because a timed-out send cannot be recalled). While there is
   * no connection it resolves as unknown immediately; a connection is retried in the background with backoff.
   */
  publish(event: EventEnvelope): Promise<PublishOutcome>;
  /** Resolves once a connection is open and the link has credit; rejects when `signal` aborts. */
  ready(signal: AbortSignal): Promise<void>;
  /** The reason why publishing is not possible now, or null. */
  fault(): string | null;
  /** Waits for what is in flight (bounded by the configured send time), then closes. */
  close(): Promise<void>;
}
