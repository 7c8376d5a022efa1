import { attribute } from "./attribution.ts";
import { checkCarts, distinctEvents } from "./carts.ts";
import type { History, Violation } from "./history.ts";
import { checkTimeline } from "./timeline.ts";

/**
 * Everything in this history that breaks a promise of the platform; empty when nothing does. A pure function
 * of what was seen from outside, about linear in its length. An outcome that is not known counts for either.
 */
export function check(history: History): Violation[] {
  const { events, violations } = distinctEvents(history.arrivals);
  const carts = checkCarts(events);
  const attribution = attribute(events, history.attempts);
  violations.push(...carts.violations, ...attribution.violations);
  const cartsOf = Map.groupBy(carts.carts, ({ owner }) => owner);
  const attemptsOf = Map.groupBy(history.attempts, ({ owner }) => owner);
  const finalOf = new Map(history.carts.map((cart) => [cart.owner, cart]));
  for (const owner of new Set([...cartsOf.keys(), ...attemptsOf.keys(), ...finalOf.keys()])) {
    const told = cartsOf.get(owner) ?? [];
    violations.push(
      ...checkTimeline(owner, told, attemptsOf.get(owner) ?? [], finalOf.get(owner), attribution),
    );
  }
  return violations;
}
