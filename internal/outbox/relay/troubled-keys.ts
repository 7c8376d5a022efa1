import { ExponentialBackoff, type IBackoff } from "cockatiel";
import type { Delivery } from "./subject-queues.ts";

/** What the state of the broker, and not the message, is the reason of. */
export type Trouble = "full" | "unavailable" | "unroutable" | "reset";

/**
 * Routing keys whose messages the broker does not take at present. Their deliveries wait here; one of them is sent
 * as a probe, again and again, with a growing pause, for as long as it lasts. Other keys go on.
 */
export interface TroubledKeys {
  /** The broker did not take `delivery`, for a reason of its own: it and everything of its key waits from now on. */
  note(delivery: Delivery, trouble: Trouble): void;
  /** True when the delivery's key is in trouble: it was put with those that wait. */
  hold(delivery: Delivery): boolean;
  /** A delivery was accepted: if it was a probe, its key is well again. */
  accepted(delivery: Delivery): void;
  /** A probe ended without an answer about its key: another follows after the pause. */
  unanswered(delivery: Delivery): void;
  /** For people: null while all is well. */
  describe(): string | null;
  stop(): void;
}

interface Key {
  readonly trouble: Trouble;
  backoff: IBackoff<unknown>;
  waiting: Delivery[];
  probe: Delivery | null;
  timer: NodeJS.Timeout | undefined;
}

/**
 * `ready` is given deliveries that may be sent now: a probe, or all that waited once their key is well. Pauses begin at
 * `firstMs` and grow to `mostMs`.
 */
export function createTroubledKeys(options: {
  firstMs: number;
  mostMs: number;
  ready: (deliveries: readonly Delivery[]) => void;
  changed: (troubled: number) => void;
}): TroubledKeys {
  const { ready, changed } = options;
  const keys = new Map<string, Key>();
  const pauses = new ExponentialBackoff({ initialDelay: options.firstMs, maxDelay: options.mostMs });

  function probeLater(key: Key): void {
    key.probe = null;
    clearTimeout(key.timer);
    key.timer = setTimeout(() => {
      key.waiting = key.waiting.filter(({ partition }) => partition.phase === "open");
      const probe = key.waiting.shift();
      if (!probe) return probeLater(key);
      key.probe = probe;
      watchProbe(key);
      ready([probe]);
    }, key.backoff.duration);
    key.backoff = key.backoff.next(undefined);
  }

  /** A probe whose partition is lost before it was sent never comes back: another takes its place. */
  function watchProbe(key: Key): void {
    key.timer = setTimeout(() => {
      if (key.probe?.partition.phase === "open") watchProbe(key);
      else probeLater(key);
    }, options.mostMs);
  }

  return {
    note: (delivery, trouble) => {
      const { type } = delivery.event;
      const known = keys.get(type);
      if (known) {
        known.waiting.push(delivery);
        if (known.probe === delivery) probeLater(known);
        return;
      }
      const key: Key = {
        trouble,
        backoff: pauses.next(),
        waiting: [delivery],
        probe: null,
        timer: undefined,
      };
      keys.set(type, key);
      changed(keys.size);
      probeLater(key);
    },
    hold: (delivery) => {
      const key = keys.get(delivery.event.type);
      if (!key || key.probe === delivery) return false;
      key.waiting.push(delivery);
      return true;
    },
    accepted: (delivery) => {
      const { type } = delivery.event;
      const key = keys.get(type);
      if (key?.probe !== delivery) return;
      clearTimeout(key.timer);
      keys.delete(type);
      changed(keys.size);
      ready(key.waiting);
    },
    unanswered: (delivery) => {
      const key = keys.get(delivery.event.type);
      if (key?.probe === delivery) probeLater(key);
    },
    describe: () =>
      keys.size === 0
        ? null
        : [...keys].map(([type, { trouble }]) => `events of type ${type} wait: ${WORDS[trouble]}`).join("; "),
    stop: () => {
      for (const { timer } of keys.values()) clearTimeout(timer);
      keys.clear();
    },
  };
}

const WORDS: Record<Trouble, string> = {
  full: "a queue is full",
  unavailable: "a queue is not available",
  unroutable: "no queue is bound to take them",
  reset: "the broker ends the connection over them",
};
