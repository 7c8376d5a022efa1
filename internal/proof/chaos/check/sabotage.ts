import type { Arrival } from "./history.ts";
import type { Random } from "./operations.ts";

/** The deliberate bugs that the checker has to find. */
export const SABOTAGES = ["drop", "double", "reorder"] as const;
export type Sabotage = (typeof SABOTAGES)[number];

/**
 * What would have arrived had the platform lost an event, told
 * one twice under two ids, or swapped two of a cart.
 */
export function sabotage(arrivals: readonly Arrival[], how: Sabotage, random: Random): Arrival[] {
  const seen = new Set<string>();
  const firsts = arrivals.filter(({ id }) => !seen.has(id) && seen.add(id));
  const successorOf = new Map(firsts.map((event) => [`${event.subject} ${event.version - 1}`, event]));
  const next = (event: Arrival) => successorOf.get(`${event.subject} ${event.version}`);
  // With a successor, so that each of the three can be done to it.
  const candidates = firsts.filter(next);
  const victim = candidates[random(candidates.length)];
  if (!victim) throw new Error("nothing arrived that could be sabotaged");
  const after = next(victim)!;
  const without = arrivals.filter(({ id }) => id !== victim.id);
  switch (how) {
    case "drop":
      return without;
    case "double":
      return arrivals.flatMap((each) =>
        each === victim ? [each, { ...each, id: `${each.id}-again` }] : [each],
      );
    case "reorder":
      return without.toSpliced(without.indexOf(after) + 1, 0, victim);
  }
}
