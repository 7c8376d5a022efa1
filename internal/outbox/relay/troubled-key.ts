import { ExponentialBackoff, halfJitterGenerator, type IBackoff } from "cockatiel";
import type { Delivery } from "./subject-queues.ts";

/** What the state of the broker, and not the message, is the reason of. */
export type Trouble = "full" | "unavailable" | "unroutable" | "reset";

export interface TroubledKeyOptions {
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
}

/** One routing key whose messages the broker does not take at present; calls as in TroubledKeys. */
export interface TroubledKey {
  refused(delivery: Delivery, trouble: Trouble): void;
  hold(delivery: Delivery): boolean;
  accepted(delivery: Delivery): void;
  unanswered(delivery: Delivery): void;
  resets(delivery: Delivery): boolean;
  /** For people. */
  describe(): string;
  stop(): void;
}

/** How much longer the pauses are where each probe costs everybody the connection. */
const RESET_FACTOR = 6;

/** How often others must pass a delivery that is refused before it, and not its key, counts as the reason. */
const PASSES = { full: 2, unavailable: 2, unroutable: 2, reset: 1 };

/** `ended` is called once all is well again: the key is not used after that. */
export function createTroubledKey(type: string, options: TroubledKeyOptions, ended: () => void): TroubledKey {
  const { firstMs, mostMs, ready } = options;
  let trouble: Trouble;
  let pauses: IBackoff<unknown> | null = null;
  /** Not sent since the trouble began. */
  let fresh: Delivery[] = [];
  /** Refused, and waiting for another turn. */
  let waiting: Delivery[] = [];
  /** Released and not yet answered. */
  const probes = new Set<Delivery>();
  /** How many may be released at a time; 0 during a pause. */
  let limit = Number.POSITIVE_INFINITY;
  /** Accepted since the trouble began. */
  let acceptances = 0;
  /** Those that wait by themselves, each with its pause. */
  const apart = new Map<Delivery, NodeJS.Timeout>();
  /** Some were shed and are not read again yet. */
  let shed = false;
  let timer: NodeJS.Timeout | undefined;

  const factor = () => (trouble === "reset" ? RESET_FACTOR : 1);

  function firstPause(): IBackoff<unknown> {
    const range = { initialDelay: firstMs * factor(), maxDelay: mostMs * factor() };
    return new ExponentialBackoff({ ...range, generator: halfJitterGenerator }).next();
  }

  function pause(): void {
    limit = 0;
    pauses ??= firstPause();
    clearTimeout(timer);
    timer = setTimeout(() => {
      limit = 1;
      release();
      watch();
    }, pauses.duration);
    pauses = pauses.next(undefined);
  }

  /** Probes of a partition that was lost before they were sent never come back: others take their place. */
  function watch(): void {
    timer = setTimeout(() => {
      for (const probe of probes) if (probe.partition.phase !== "open") probes.delete(probe);
      release();
      watch();
    }, mostMs);
  }

  function release(): void {
    const open = ({ partition }: Delivery) => partition.phase === "open";
    fresh = fresh.filter(open);
    waiting = waiting.filter(open);
    // The first probe is one that was not refused yet: it shows whether the others are to blame.
    const [first, then] = limit === 1 ? [fresh, waiting] : [waiting, fresh];
    const released: Delivery[] = [];
    while (probes.size < limit) {
      const probe = first.shift() ?? then.shift();
      if (!probe) break;
      probes.add(probe);
      probe.waits = false;
      released.push(probe);
    }
    const suspect = (probe: Delivery) => trouble === "reset" && (limit === 1 || probe.deferrals > 0);
    const [alone, together] = [released.filter(suspect), released.filter((probe) => !suspect(probe))];
    if (alone.length > 0) ready(alone, true);
    if (together.length > 0) ready(together, false);
  }

  function waitApart(delivery: Delivery): void {
    const retry = () => {
      apart.delete(delivery);
      delivery.waits = false;
      if (delivery.partition.phase === "open") {
        probes.add(delivery);
        ready([delivery], trouble === "reset");
      } else endIfWell();
    };
    apart.set(delivery, setTimeout(retry, Math.min(firstMs * 2 ** delivery.deferrals, mostMs * factor())));
  }

  function endIfWell(): void {
    if (limit <= 1 || fresh.length + waiting.length > 0) return;
    if (shed) {
      shed = false;
      options.reread();
    }
    if (probes.size + apart.size > 0) return;
    clearTimeout(timer);
    ended();
  }

  return {
    refused: (delivery, reason) => {
      trouble = reason;
      probes.delete(delivery);
      if (delivery.deferrals > 0 && acceptances > delivery.acceptedThen) delivery.passed++;
      delivery.deferrals++;
      delivery.acceptedThen = acceptances;
      delivery.waits = true;
      options.waits(delivery);
      if (delivery.passed >= PASSES[trouble]) {
        waitApart(delivery);
        return release();
      }
      waiting.push(delivery);
      if (limit > 0) pause();
    },
    hold: (delivery) => {
      if (probes.has(delivery)) return false;
      if (probes.size < limit && !(limit === 1 && trouble === "reset")) {
        probes.add(delivery);
        return false;
      }
      if (fresh.length + waiting.length >= options.mostWaiting) {
        shed = true;
        options.shed(delivery);
        return true;
      }
      fresh.push(delivery);
      delivery.waits = true;
      options.waits(delivery);
      release();
      return true;
    },
    accepted: (delivery) => {
      if (!probes.delete(delivery)) return;
      acceptances++;
      if (limit > 0) {
        limit *= 2;
        pauses = null;
        release();
      }
      endIfWell();
    },
    unanswered: (delivery) => {
      if (!probes.delete(delivery)) return;
      if (limit === 1) pause();
      endIfWell();
    },
    resets: (delivery) => trouble === "reset" && probes.has(delivery),
    describe: () => {
      const some = limit > 0 && fresh.length === 0 && apart.size > 0;
      return `${some ? "some " : ""}events of type ${type} wait: ${WORDS[trouble]}`;
    },
    stop: () => {
      clearTimeout(timer);
      for (const retry of apart.values()) clearTimeout(retry);
    },
  };
}

const WORDS: Record<Trouble, string> = {
  full: "a queue is full",
  unavailable: "a queue is not available",
  unroutable: "no queue is bound to take them",
  reset: "the broker ends the connection over them",
};
