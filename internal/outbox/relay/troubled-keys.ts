import { ExponentialBackoff, halfJitterGenerator, type IBackoff } from "cockatiel";
import type { Delivery } from "./subject-queues.ts";

/** What the state of the broker, and not the message, is the reason of. */
export type Trouble = "full" | "unavailable" | "unroutable" | "reset";

/**
 * Routing keys whose messages the broker does not take at present. Their deliveries wait here; one of them is
 * sent as a probe, again and again, with a growing pause, for as long as it lasts. Other keys go on. Once a
 * probe is accepted twice as many may follow each time, so that a queue that is nearly full is not flooded
 * with repeats.
 */
export interface TroubledKeys {
  /**
   * The broker did not take `delivery`, for a reason of its own: everything of its key waits from now
   * on. When others of the key passed it again and again, it waits by itself, and the key goes on.
   */
  note(delivery: Delivery, trouble: Trouble): void;
  /** False when the delivery may be sent now; true when its key is in trouble and it waits here. */
  hold(delivery: Delivery): boolean;
  accepted(delivery: Delivery): void;
  /**
   * A delivery came back without an answer about its key: if it was a probe, another follows after the pause.
   */
  unanswered(delivery: Delivery): void;
  /** True for a probe of a key over which the broker ends the connection. */
  resets(delivery: Delivery): boolean;
  /** For people: null while all is well. */
  describe(): string | null;
  stop(): void;
}

interface Key {
  trouble: Trouble;
  pauses: IBackoff<unknown>;
  /** Not sent since the trouble began. */
  fresh: Delivery[];
  /** Refused, and waiting for another turn. */
  refused: Delivery[];
  /** Released and not yet answered. */
  readonly probes: Set<Delivery>;
  /** How many may be released at a time; 0 during a pause. */
  limit: number;
  /** Accepted since the trouble began. */
  accepted: number;
  /** Those that wait by themselves, each with its pause. */
  readonly apart: Map<Delivery, NodeJS.Timeout>;
  /** Some were shed and are not read again yet. */
  shed: boolean;
  timer: NodeJS.Timeout | undefined;
}

/** How much longer the pauses are where each probe costs everybody the connection. */
const RESET_FACTOR = 6;

/** How often others must pass a delivery that is refused before it, and not its key, counts as the reason. */
const PASSES = { full: 2, unavailable: 2, unroutable: 2, reset: 1 };

export interface TroubledKeysOptions {
  /** Pauses begin at `firstMs` and grow to `mostMs`; six times that where a probe costs the connection. */
  readonly firstMs: number;
  readonly mostMs: number;
  /** How many of a key wait here at most. */
  readonly mostWaiting: number;
  /** One that cannot wait here as well. */
  readonly shed: (delivery: Delivery) => void;
  /** There is room again for what was shed. */
  readonly reread: () => void;
  /** One that begins to wait. */
  readonly waits: (delivery: Delivery) => void;
  /** Deliveries that may be sent now; `alone`: with nothing else in flight. */
  readonly ready: (deliveries: readonly Delivery[], alone: boolean) => void;
  /** The number of troubled keys, whenever it changes. */
  readonly changed: (troubled: number) => void;
}

export function createTroubledKeys(options: TroubledKeysOptions): TroubledKeys {
  const { firstMs, mostMs, mostWaiting, ready, changed } = options;
  const keys = new Map<string, Key>();

  function pausesOf(trouble: Trouble): IBackoff<unknown> {
    const factor = trouble === "reset" ? RESET_FACTOR : 1;
    const range = { initialDelay: firstMs * factor, maxDelay: mostMs * factor };
    return new ExponentialBackoff({ ...range, generator: halfJitterGenerator }).next();
  }

  function create(trouble: Trouble): Key {
    return {
      trouble,
      pauses: pausesOf(trouble),
      fresh: [],
      refused: [],
      probes: new Set(),
      limit: 0,
      accepted: 0,
      apart: new Map(),
      shed: false,
      timer: undefined,
    };
  }

  function block(key: Key): void {
    key.limit = 0;
    clearTimeout(key.timer);
    key.timer = setTimeout(() => {
      key.limit = 1;
      release(key);
      watch(key);
    }, key.pauses.duration);
    key.pauses = key.pauses.next(undefined);
  }

  /** Probes of a partition that was lost before they were sent never come back: others take their place. */
  function watch(key: Key): void {
    key.timer = setTimeout(() => {
      for (const probe of key.probes) if (probe.partition.phase !== "open") key.probes.delete(probe);
      release(key);
      watch(key);
    }, mostMs);
  }

  function release(key: Key): void {
    const open = ({ partition }: Delivery) => partition.phase === "open";
    key.fresh = key.fresh.filter(open);
    key.refused = key.refused.filter(open);
    // The first probe is one that was not refused yet: it shows whether the others are to blame.
    const [first, then] = key.limit === 1 ? [key.fresh, key.refused] : [key.refused, key.fresh];
    const released: Delivery[] = [];
    while (key.probes.size < key.limit) {
      const probe = first.shift() ?? then.shift();
      if (!probe) break;
      key.probes.add(probe);
      probe.waits = false;
      released.push(probe);
    }
    const suspect = (probe: Delivery) => key.trouble === "reset" && (key.limit === 1 || probe.deferrals > 0);
    const [alone, together] = [released.filter(suspect), released.filter((probe) => !suspect(probe))];
    if (alone.length > 0) ready(alone, true);
    if (together.length > 0) ready(together, false);
  }

  function waitApart(key: Key, delivery: Delivery): void {
    const most = key.trouble === "reset" ? mostMs * RESET_FACTOR : mostMs;
    const retry = () => {
      key.apart.delete(delivery);
      delivery.waits = false;
      if (delivery.partition.phase === "open") {
        key.probes.add(delivery);
        ready([delivery], key.trouble === "reset");
      } else endIfWell(delivery.event.type, key);
    };
    key.apart.set(delivery, setTimeout(retry, Math.min(firstMs * 2 ** delivery.deferrals, most)));
  }

  function endIfWell(type: string, key: Key): void {
    if (key.limit <= 1 || key.fresh.length + key.refused.length > 0) return;
    if (key.shed) {
      key.shed = false;
      options.reread();
    }
    if (key.probes.size + key.apart.size > 0) return;
    clearTimeout(key.timer);
    keys.delete(type);
    changed(keys.size);
  }

  return {
    note: (delivery, trouble) => {
      const { type } = delivery.event;
      const known = keys.get(type);
      const key = known ?? create(trouble);
      key.probes.delete(delivery);
      key.trouble = trouble;
      if (delivery.deferrals > 0 && key.accepted > delivery.acceptedThen) delivery.passed++;
      delivery.deferrals++;
      delivery.acceptedThen = key.accepted;
      delivery.waits = true;
      options.waits(delivery);
      if (delivery.passed >= PASSES[trouble]) {
        waitApart(key, delivery);
        return release(key);
      }
      key.refused.push(delivery);
      if (!known) {
        keys.set(type, key);
        changed(keys.size);
      }
      if (!known || key.limit > 0) block(key);
    },
    hold: (delivery) => {
      const key = keys.get(delivery.event.type);
      if (!key || key.probes.has(delivery)) return false;
      const first = key.limit === 1;
      if (key.probes.size < key.limit && !(first && key.trouble === "reset")) {
        key.probes.add(delivery);
        return false;
      }
      if (key.fresh.length + key.refused.length >= mostWaiting) {
        key.shed = true;
        options.shed(delivery);
        return true;
      }
      key.fresh.push(delivery);
      delivery.waits = true;
      options.waits(delivery);
      release(key);
      return true;
    },
    accepted: (delivery) => {
      const key = keys.get(delivery.event.type);
      if (!key?.probes.delete(delivery)) return;
      key.accepted++;
      if (key.limit > 0) {
        key.limit *= 2;
        key.pauses = pausesOf(key.trouble);
        release(key);
      }
      endIfWell(delivery.event.type, key);
    },
    unanswered: (delivery) => {
      const key = keys.get(delivery.event.type);
      if (!key?.probes.delete(delivery)) return;
      if (key.limit === 1) block(key);
      endIfWell(delivery.event.type, key);
    },
    resets: (delivery) => {
      const key = keys.get(delivery.event.type);
      return key?.trouble === "reset" && key.probes.has(delivery);
    },
    describe: () => (keys.size === 0 ? null : [...keys].map(([type, key]) => describe(type, key)).join("; ")),
    stop: () => {
      for (const { timer, apart } of keys.values()) {
        clearTimeout(timer);
        for (const retry of apart.values()) clearTimeout(retry);
      }
      keys.clear();
    },
  };
}

function describe(type: string, { trouble, apart, fresh, limit }: Key): string {
  const some = limit > 0 && fresh.length === 0 && apart.size > 0;
  return `${some ? "some " : ""}events of type ${type} wait: ${WORDS[trouble]}`;
}

const WORDS: Record<Trouble, string> = {
  full: "a queue is full",
  unavailable: "a queue is not available",
  unroutable: "no queue is bound to take them",
  reset: "the broker ends the connection over them",
};
