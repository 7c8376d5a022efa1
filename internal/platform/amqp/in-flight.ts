import type { Delivery } from "rhea-promise";
import type { SendOutcome } from "./outcome.ts";
import type { OpenLink } from "./sender-link.ts";

/** The messages of one link that have no outcome yet: sent and unanswered, or waiting for credit. */
export interface InFlight {
  /** Sends at once if the broker gives credit, else as soon as it does. Messages leave in the order of these calls. */
  add(link: OpenLink, encoded: Buffer): Promise<SendOutcome>;
  /** Sends what waits for credit, as far as there is some. */
  sendWaiting(link: OpenLink): void;
  answer(delivery: Delivery, outcome: SendOutcome): void;
  /** Gives those waiting for credit, which were never sent, this outcome. */
  settleWaiting(outcome: SendOutcome): void;
  /** Gives all of them this outcome. */
  settleAll(outcome: SendOutcome): void;
  /** When the oldest was added, by performance.now(); null when there is none. */
  oldest(): number | null;
  size(): number;
}

interface Pending {
  readonly encoded: Buffer;
  readonly since: number;
  readonly resolve: (outcome: SendOutcome) => void;
}

/** `onEmpty` is called each time the last one has got its outcome. */
export function createInFlight(onEmpty: () => void): InFlight {
  // Both in the order of add(): a Map keeps it, and what waits is younger than what was sent.
  const sent = new Map<Delivery, Pending>();
  let waiting: Pending[] = [];

  function emptied(): void {
    if (sent.size === 0 && waiting.length === 0) onEmpty();
  }

  function settleWaiting(outcome: SendOutcome): void {
    const unsent = waiting;
    waiting = [];
    for (const { resolve } of unsent) resolve(outcome);
    emptied();
  }

  return {
    add: (link, encoded) =>
      new Promise((resolve) => {
        const pending = { encoded, since: performance.now(), resolve };
        if (waiting.length === 0 && link.room() > 0) sent.set(link.send(encoded), pending);
        else waiting.push(pending);
      }),
    sendWaiting: (link) => {
      const room = Math.min(waiting.length, link.room());
      if (room <= 0) return;
      for (const pending of waiting.splice(0, room)) sent.set(link.send(pending.encoded), pending);
    },
    answer: (delivery, outcome) => {
      const pending = sent.get(delivery);
      if (!pending) return;
      sent.delete(delivery);
      pending.resolve(outcome);
      emptied();
    },
    settleWaiting,
    settleAll: (outcome) => {
      const unanswered = [...sent.values()];
      sent.clear();
      for (const { resolve } of unanswered) resolve(outcome);
      settleWaiting(outcome);
    },
    oldest: () => {
      const [first = waiting[0]] = sent.values();
      return first ? first.since : null;
    },
    size: () => sent.size + waiting.length,
  };
}
