import { setTimeout as delay } from "node:timers/promises";
import type { Fault } from "./check/history.ts";
import type { Random } from "./check/operations.ts";
import type { Stage } from "./stage.ts";

/** What is brought about on purpose, so that a checkout meets it, beside all that the nemesis does. */
export interface Trouble {
  /** Keeps carts and relays from Redis or the database for a moment; resolves when that is over. */
  brief(random: Random): Promise<void>;
  /**
   * Keeps carts and relays from Redis or the database for longer than a claim lives, from the moment that an
   * order of this owner is being committed (PostgreSQL alone). Returns what calls it off.
   */
  atCommit(owner: string, random: Random): () => void;
  /** Ends what there is; nothing begins after it. */
  end(): void;
}

type Server = "redis" | "database";

/** Longer than a claim lives and a checkout waits, 5 s, and than a merge needs after that. */
const LONG_MS = 6_500;

/** Notes in `faults` what it has done. */
export function troubleOn({ gates, watchers }: Pick<Stage, "gates" | "watchers">, faults: Fault[]): Trouble {
  const ending = new AbortController();

  async function strike(server: Server, isCut: boolean, ms: number, when: string): Promise<void> {
    if (ending.signal.aborted) return;
    // The relays too, which sweep orders.
    const hits = new RegExp(`^(cart|relay)-\\d to ${server}$`);
    const hit = [...gates].flatMap(([name, gate]) => (hits.test(name) ? [gate] : []));
    const from = Date.now();
    for (const gate of hit) isCut ? gate.shut() : gate.freeze();
    await delay(ms, undefined, { signal: ending.signal }).catch(() => {});
    for (const gate of hit) isCut ? gate.open() : gate.thaw();
    faults.push({ kind: `${when}: ${server} ${isCut ? "cut" : "frozen"}`, from, to: Date.now() });
  }

  return {
    end: () => ending.abort(),
    brief: async (random) => {
      const server = random(2) === 0 ? "redis" : "database";
      // Any step of the checkout may be under way.
      await delay(random(150));
      await strike(server, random(2) === 0, 100 + random(1_000), "checkout");
    },
    atCommit: (owner, random) => {
      const server = random(3) === 0 ? "redis" : "database";
      let placing: string | null = null;
      const callOff = () => watchers.delete(watch);
      const watch = (gate: string, packet: Buffer) => {
        if (packet.includes(owner) && packet.includes("orderId")) placing = gate;
        if (placing !== gate || !packet.includes("COMMIT\0")) return;
        callOff();
        // After this packet and before its answer.
        queueMicrotask(() => void strike(server, server === "redis", LONG_MS, "commit"));
      };
      watchers.add(watch);
      return callOff;
    },
  };
}
