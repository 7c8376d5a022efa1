import type { Delivery } from "./subject-queues.ts";
import {
  createTroubledKey,
  type Trouble,
  type TroubledKey,
  type TroubledKeyOptions,
} from "./troubled-key.ts";

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

export interface TroubledKeysOptions extends TroubledKeyOptions {
  /** The number of troubled keys, whenever it changes. */
  readonly changed: (troubled: number) => void;
}

export function createTroubledKeys(options: TroubledKeysOptions): TroubledKeys {
  const keys = new Map<string, TroubledKey>();
  const keyOf = ({ event }: Delivery) => keys.get(event.type);

  function begin(type: string): TroubledKey {
    const key = createTroubledKey(type, options, () => {
      keys.delete(type);
      options.changed(keys.size);
    });
    keys.set(type, key);
    options.changed(keys.size);
    return key;
  }

  return {
    note: (delivery, trouble) => (keyOf(delivery) ?? begin(delivery.event.type)).refused(delivery, trouble),
    hold: (delivery) => keyOf(delivery)?.hold(delivery) ?? false,
    accepted: (delivery) => keyOf(delivery)?.accepted(delivery),
    unanswered: (delivery) => keyOf(delivery)?.unanswered(delivery),
    resets: (delivery) => keyOf(delivery)?.resets(delivery) ?? false,
    describe: () => (keys.size === 0 ? null : [...keys.values()].map((key) => key.describe()).join("; ")),
    stop: () => {
      for (const key of keys.values()) key.stop();
      keys.clear();
    },
  };
}
