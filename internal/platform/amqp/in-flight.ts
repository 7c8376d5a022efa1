import type { Delivery } from "rhea-promise";
import type { OpenLink } from "./open-link.ts";
import type { SendOutcome } from "./outcome.ts";

/** The messages of one link that have no outcome yet: sent and unanswered, or waiting for credit. */
export interface InFlight {
  /**
   * Sends at once if the broker gives credit, else as soon as
   * it does. Messages leave in the order of these calls.
   */
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
  /** Null once it has its outcome. */
  resolve: ((outcome: SendOutcome) => void) | null;
}

/**
 * Ties a delivery to what awaits its answer; a Map of deliveries
 * would burden the collector, see memory/dictionary.ts.
 */
const PENDING = Symbol("pending");
type Tracked = Delivery & { [PENDING]?: Pending };

/** `onEmpty` is called each time the last one has got its outcome. */
export function createInFlight(onEmpty: () => void): InFlight {
  // Both in the order of add(): what waits is younger than what was sent.
  let sent: (Pending | undefined)[] = [];
  let first = 0;
  let unanswered = 0;
  let waiting: Pending[] = [];

  function emptied(): void {
    if (unanswered === 0 && waiting.length === 0) onEmpty();
  }

  function send(link: OpenLink, pending: Pending): void {
    (link.send(pending.encoded) as Tracked)[PENDING] = pending;
    sent.push(pending);
    unanswered++;
  }

  function settle(pending: Pending, outcome: SendOutcome): void {
    const { resolve } = pending;
    pending.resolve = null;
    resolve?.(outcome);
  }

  /** Lets go of the answered ones at the front. */
  function advance(): void {
    while (first < sent.length && sent[first]!.resolve === null) sent[first++] = undefined;
    if (first === sent.length || first >= 1_024) {
      sent = sent.slice(first);
      first = 0;
    }
  }

  function settleWaiting(outcome: SendOutcome): void {
    const unsent = waiting;
    waiting = [];
    for (const pending of unsent) settle(pending, outcome);
    emptied();
  }

  return {
    add: (link, encoded) =>
      new Promise((resolve) => {
        const pending = { encoded, since: performance.now(), resolve };
        if (waiting.length === 0 && link.room() > 0) send(link, pending);
        else waiting.push(pending);
      }),
    sendWaiting: (link) => {
      const room = Math.min(waiting.length, link.room());
      if (room <= 0) return;
      for (const pending of waiting.splice(0, room)) send(link, pending);
    },
    answer: (delivery: Tracked, outcome) => {
      const pending = delivery[PENDING];
      if (pending === undefined || pending.resolve === null) return;
      delete delivery[PENDING];
      unanswered--;
      settle(pending, outcome);
      advance();
      emptied();
    },
    settleWaiting,
    settleAll: (outcome) => {
      const all = sent.slice(first);
      sent = [];
      first = 0;
      unanswered = 0;
      for (const pending of all) if (pending?.resolve) settle(pending, outcome);
      settleWaiting(outcome);
    },
    oldest: () => (sent[first] ?? waiting[0])?.since ?? null,
    size: () => unanswered + waiting.length,
  };
}
