import { attribute } from "./attribution.ts";
import { checkCarts, distinctEvents } from "./carts.ts";
import { checkCatalog } from "./catalog.ts";
import { checkConflicts } from "./conflicts.ts";
import type { History, Violation } from "./history.ts";
import { journeysOf, shownCarts } from "./journeys.ts";
import { checkKeys } from "./keys.ts";
import { checkMerges } from "./merges.ts";
import { checkNotices } from "./notices.ts";
import { checkOrders } from "./orders.ts";
import { checkPieces } from "./pieces.ts";
import { checkPrices } from "./prices.ts";
import { checkPrivacy } from "./privacy.ts";
import { checkSessions } from "./sessions.ts";
import { checkStock } from "./stock.ts";
import { checkTimeline } from "./timeline.ts";

/**
 * Everything in this history that breaks a promise of the platform; empty when nothing does. A pure function
 * of what was seen from outside, about linear in its length. An outcome that is not known counts for either.
 */
export function check(history: History): Violation[] {
  const { events, violations } = distinctEvents(history.arrivals);
  const orders = distinctEvents(history.orderArrivals);
  violations.push(...orders.violations);
  const moved = journeysOf(events, orders.events, history.journeys);
  const carts = checkCarts(events, moved);
  const attribution = attribute(events, history.attempts);
  violations.push(...carts.violations, ...attribution.violations);
  violations.push(...checkMerges(events, history.journeys, moved));
  violations.push(...checkOrders(orders.events, events, history.journeys, history.orders));
  violations.push(...checkPieces(events, orders.events), ...checkNotices(events));
  violations.push(...checkCatalog(history.reads, history.versions, history.faults));
  violations.push(...checkPrices(orders.events, history.journeys, history.versions, history.faults));
  violations.push(...checkStock(events, history.attempts, history.versions, history.faults));
  violations.push(...checkConflicts(history.attempts, history.journeys));
  violations.push(...checkKeys(history.attempts, history.journeys));
  violations.push(...checkPrivacy(history), ...checkSessions(history.sessions));
  const cartsOf = Map.groupBy(carts.carts, ({ owner }) => owner);
  const attemptsOf = Map.groupBy(
    [...history.attempts, ...shownCarts(history.journeys)],
    ({ owner }) => owner,
  );
  const finalOf = new Map(history.carts.map((cart) => [cart.owner, cart]));
  for (const owner of new Set([...cartsOf.keys(), ...attemptsOf.keys(), ...finalOf.keys()])) {
    const told = cartsOf.get(owner) ?? [];
    violations.push(
      ...checkTimeline(owner, told, attemptsOf.get(owner) ?? [], finalOf.get(owner), attribution),
    );
  }
  return violations;
}
