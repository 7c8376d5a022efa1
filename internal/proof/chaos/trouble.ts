import { setTimeout as delay } from "node:timers/promises";
import type { Fault } from "./check/history.ts";
import type { Random } from "./check/operations.ts";
import type { Stage } from "./stage.ts";

/** What is brought about on purpose, so that a checkout meets it, beside all that the nemesis does. */
export interface Trouble {
  /** Keeps all carts from Redis or from the database for a while; resolves when that is over. */
  cause(random: Random): Promise<void>;
  /** Nothing begins after it. */
  end(): void;
}

/** Longer than a claim of a cart lives, with what a checkout takes before. */
const LONGEST_MS = 6_000;

/** Notes in `faults` what it has done. */
export function troubleOn({ gates }: Pick<Stage, "gates">, faults: Fault[]): Trouble {
  let over = false;
  return {
    end: () => {
      over = true;
    },
    cause: async (random) => {
      const server = random(2) === 0 ? "redis" : "database";
      const hit = [...gates].flatMap(([name, gate]) => (name.match(`cart-\\d to ${server}$`) ? [gate] : []));
      const isCut = random(2) === 0;
      // Any step of the checkout may be under way.
      await delay(random(150));
      if (over) return;
      const from = Date.now();
      for (const gate of hit) isCut ? gate.shut() : gate.freeze();
      await delay(random(4) === 0 ? LONGEST_MS : 100 + random(1_000));
      for (const gate of hit) isCut ? gate.open() : gate.thaw();
      faults.push({
        kind: `checkout without ${server} (${isCut ? "cut" : "frozen"})`,
        from,
        to: Date.now(),
      });
    },
  };
}
