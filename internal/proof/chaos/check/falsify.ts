import type { Arrival, History, JourneyAttempt, OrderArrival, SeenOrder } from "./history.ts";
import type { Random } from "./operations.ts";

/** A deliberate bug: what would have been seen of a platform that has it. */
export interface Bug {
  /** What the platform does, as in "a platform that ...". */
  readonly does: string;
  /** The rule that has to find it, whichever others do. */
  readonly rule: string;
  falsify(history: History, random: Random): History;
}

/** One of them at random; throws when there is none. */
export function one<T>(candidates: readonly T[], random: Random): T {
  const victim = candidates[random(candidates.length)];
  if (victim === undefined) throw new Error("nothing has happened that could be sabotaged");
  return victim;
}

type Told = "arrivals" | "orderArrivals";

/** The history in which this event, repeats included, was never told. */
export function without(history: History, which: Told, { id }: { id: string }): History {
  const rest = (history[which] as readonly { id: string }[]).filter((each) => each.id !== id);
  return { ...history, [which]: rest };
}

/** The history in which this event was told again right after, under another id and with a change. */
export function twice<K extends Told>(
  history: History,
  which: K,
  victim: History[K][number],
  change: Partial<History[K][number]>,
): History {
  const again = { ...victim, id: `${victim.id}-again`, ...change };
  const all: readonly (Arrival | OrderArrival)[] = history[which];
  return { ...history, [which]: all.toSpliced(all.indexOf(victim) + 1, 0, again) };
}

/** An event of a cart, and the one that follows it. */
export function followed({ arrivals }: History, random: Random): { victim: Arrival; next: Arrival } {
  const firsts = firstsOf(arrivals);
  const successorOf = new Map(firsts.map((event) => [`${event.subject} ${event.version - 1}`, event]));
  const next = (event: Arrival) => successorOf.get(`${event.subject} ${event.version}`);
  const victim = one(firsts.filter(next), random);
  return { victim, next: next(victim)! };
}

function firstsOf<T extends { readonly id: string }>(told: readonly T[]): T[] {
  return [...new Map(told.toReversed().map((each) => [each.id, each])).values()].reverse();
}

/** The carts' events of such a change. */
export const changes = ({ arrivals }: History, type: string): Arrival[] =>
  firstsOf(arrivals).filter(({ data }) => data.change.type === type);

/** The orders' events of a status. */
export const ordersOf = ({ orderArrivals }: History, status: string): OrderArrival[] =>
  firstsOf(orderArrivals).filter(({ type }) => type === `order.${status}`);

type Done = Extract<JourneyAttempt["outcome"], { kind: "done" }>;
type Answered = JourneyAttempt & { readonly outcome: Done };

/** The attempts that were answered as done. */
export const answered = ({ journeys }: History): Answered[] =>
  journeys.filter((each): each is Answered => each.outcome.kind === "done");

/** The history in which an attempt had this outcome. */
export function answering(
  history: History,
  { trace }: Pick<JourneyAttempt, "trace">,
  outcome: JourneyAttempt["outcome"],
): History {
  const journeys = history.journeys.map((each) => (each.trace === trace ? { ...each, outcome } : each));
  return { ...history, journeys };
}

/** The history in which an owner's orders, one of which has this status, are listed otherwise. */
export function listing(
  history: History,
  random: Random,
  status: string,
  list: (orders: readonly SeenOrder[]) => readonly SeenOrder[],
): History {
  const having = history.orders.filter(({ orders }) => orders.some((order) => order.status === status));
  const { owner } = one(having, random);
  const orders = history.orders.map((each) =>
    each.owner === owner ? { owner, orders: list(each.orders) } : each,
  );
  return { ...history, orders };
}
