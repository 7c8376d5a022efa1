import type { Publisher, PublishOutcome } from "../outbox/relay/publisher.ts";
import type { EventEnvelope } from "../platform/event/event.ts";

/** A publisher whose broker is an array, with hooks to misbehave as a real broker does. */
export interface MemoryPublisher extends Publisher {
  /** Everything the broker has, in order of arrival; an event sent twice is here twice. */
  readonly published: EventEnvelope[];
  /** Every attempt, in order, whatever became of it. */
  readonly attempts: EventEnvelope[];
  /**
   * From now on, events that match get no answer until {@link
   * release}; the broker does not have them meanwhile.
   */
  hold(matches?: (event: EventEnvelope) => boolean): void;
  /** Answers the held events, in order, as the other hooks say (accepted by default), and holds no more. */
  release(): void;
  /** The events that are held. */
  held(): EventEnvelope[];
  /** Refuses events that match, the next `times` times (default: always). */
  refuse(
    matches: (event: EventEnvelope) => boolean,
    options?: { times?: number; about?: Refused["about"]; error?: string },
  ): void;
  /**
   * Answers matching events with unknown, the next `times` times (default 1). `arrives` says
   * whether the broker has them nevertheless (default true); `sessionFault` and `resets`
   * whether they ended the session or the connection, which takes the held ones along.
   */
  lose(
    matches: (event: EventEnvelope) => boolean,
    options?: { times?: number; arrives?: boolean; sessionFault?: boolean; resets?: boolean },
  ): void;
  /**
   * The connection is lost: held events resolve as unknown, further ones at once, until {@link reconnect}.
   */
  disconnect(reason?: string): void;
  reconnect(): void;
  /** Forgets all hooks; held events are answered as accepted. */
  behave(): void;
}

type Refused = Extract<PublishOutcome, { kind: "refused" }>;

interface Rule {
  readonly matches: (event: EventEnvelope) => boolean;
  left: number;
  readonly answer: (event: EventEnvelope) => PublishOutcome;
}

interface Held {
  readonly event: EventEnvelope;
  readonly resolve: (outcome: PublishOutcome) => void;
}

const ACCEPTED: PublishOutcome = { kind: "accepted" };
const NOTHING = () => false;
const EVERYTHING = () => true;

/**
 * Every answer comes asynchronously, and in the order in which events were published unless some are held.
 */
export function createMemoryPublisher(): MemoryPublisher {
  const published: EventEnvelope[] = [];
  const attempts: EventEnvelope[] = [];
  const waiters = new Set<() => void>();
  let rules: Rule[] = [];
  let holding: (event: EventEnvelope) => boolean = NOTHING;
  let held: Held[] = [];
  let reason: string | null = null;
  let closed = false;

  function answer(event: EventEnvelope): PublishOutcome {
    const rule = rules.find((candidate) => candidate.left > 0 && candidate.matches(event));
    if (!rule) {
      published.push(event);
      return ACCEPTED;
    }
    rule.left--;
    return rule.answer(event);
  }

  function loseHeld(sessionFault: boolean, error: string): void {
    const lost = held;
    held = [];
    for (const { resolve } of lost) resolve({ kind: "unknown", sessionFault, error });
  }

  function release(): void {
    holding = NOTHING;
    const answered = held;
    held = [];
    for (const { event, resolve } of answered) resolve(answer(event));
  }

  return {
    published,
    attempts,
    publish: (event) => {
      attempts.push(event);
      if (reason !== null) return Promise.resolve({ kind: "unknown", sessionFault: false, error: reason });
      if (holding(event)) return new Promise((resolve) => held.push({ event, resolve }));
      return Promise.resolve(answer(event));
    },
    ready: async (signal) => {
      signal.throwIfAborted();
      if (closed) throw new Error("the publisher is closed");
      if (reason === null) return;
      await new Promise<void>((resolve, reject) => {
        const done = () => {
          waiters.delete(done);
          signal.removeEventListener("abort", aborted);
          if (closed) reject(new Error("the publisher is closed"));
          else resolve();
        };
        const aborted = () => {
          waiters.delete(done);
          reject(signal.reason);
        };
        waiters.add(done);
        signal.addEventListener("abort", aborted, { once: true });
      });
    },
    fault: () => reason,
    close: async () => {
      release();
      closed = true;
      reason = "the publisher is closed";
      for (const wake of [...waiters]) wake();
    },
    hold: (matches = EVERYTHING) => {
      holding = matches;
    },
    release,
    held: () => held.map(({ event }) => event),
    refuse: (
      matches,
      { times = Number.POSITIVE_INFINITY, about = "message", error = "refused by the test" } = {},
    ) => {
      rules.push({ matches, left: times, answer: () => ({ kind: "refused", about, error }) });
    },
    lose: (matches, { times = 1, arrives = true, sessionFault = false, resets = false } = {}) => {
      const error = sessionFault ? "the session was ended by the test" : "lost by the test";
      rules.push({
        matches,
        left: times,
        answer: (event) => {
          if (arrives) published.push(event);
          if (sessionFault || resets) loseHeld(sessionFault, error);
          return { kind: "unknown", sessionFault, error };
        },
      });
    },
    disconnect: (why = "disconnected by the test") => {
      if (closed) return;
      reason = why;
      loseHeld(false, why);
    },
    reconnect: () => {
      if (closed) return;
      reason = null;
      for (const wake of [...waiters]) wake();
    },
    behave: () => {
      rules = [];
      release();
    },
  };
}
