import { type Arrival, linesText, type OrderArrival, type Violation } from "./history.ts";
import { effectOfJourney, isOfJourney, type Journeys } from "./journeys.ts";
import { EXPIRING, EXPIRY, operationOfChange } from "./operations.ts";

/** What the events tell of one cart, from its first to its last. */
export interface ToldCart {
  readonly id: string;
  readonly owner: string;
  /** Without repeats, in order of arrival. */
  readonly events: readonly Arrival[];
  /** True once an event has ended it: cleared, expired, or the last line removed. */
  readonly ended: boolean;
}

/** The arrivals without repeats; a repeat that tells something else is a violation. */
export function distinctEvents<T extends Arrival | OrderArrival>(
  arrivals: readonly T[],
): { events: T[]; violations: Violation[] } {
  const first = new Map<string, T>();
  const violations: Violation[] = [];
  for (const arrival of arrivals) {
    const before = first.get(arrival.id);
    if (!before) first.set(arrival.id, arrival);
    else if (JSON.stringify(told(before)) !== JSON.stringify(told(arrival)))
      violations.push({
        rule: "repeat-differs",
        owner: arrival.data.owner,
        sentence: `event ${arrival.id} of ${arrival.subject} came again and told something else`,
      });
  }
  return { events: [...first.values()], violations };
}

const told = ({ type, subject, version, trace, data }: Arrival | OrderArrival) => ({
  type,
  subject,
  version,
  trace,
  data,
});

/** Judges each cart by itself: versions 1, 2, 3 in order of arrival, each event the effect of its change. */
export function checkCarts(
  events: readonly Arrival[],
  journeys: Journeys,
): { carts: ToldCart[]; violations: Violation[] } {
  const bySubject = Map.groupBy(events, ({ subject }) => subject);
  const carts: ToldCart[] = [];
  const violations: Violation[] = [];
  for (const [id, of] of bySubject) {
    const owner = of[0]!.data.owner;
    const faults = faultsOf(id, of, journeys);
    violations.push(...faults.map((fault) => ({ ...fault, owner })));
    carts.push({ id, owner, events: of, ended: ends(of.at(-1)!) });
  }
  return { carts, violations };
}

function faultsOf(id: string, events: readonly Arrival[], journeys: Journeys): Omit<Violation, "owner">[] {
  const faults: Omit<Violation, "owner">[] = [];
  const fault = (rule: string, sentence: string) =>
    faults.push({ rule, sentence: `cart ${id}: ${sentence}` });
  const idOf = new Map<number, string>();
  for (const event of events) {
    const other = idOf.get(event.version);
    if (other !== undefined)
      fault("version-twice", `version ${event.version} was told by two events, ${other} and ${event.id}`);
    idOf.set(event.version, event.id);
  }
  let previous: Arrival | null = null;
  for (const event of events) {
    const due: number = (previous?.version ?? 0) + 1;
    if (event.version !== due) {
      const rule = idOf.has(due) ? "order" : "gap";
      fault(rule, `version ${event.version} came where ${due} was due`);
    } else {
      const wrong = contradiction(event, previous, journeys);
      if (wrong !== null) fault("wrong-event", `version ${event.version} ${wrong}`);
    }
    previous = event;
  }
  return faults;
}

/** The types of the events of some changes; of others it is `cart.updated`. */
const TYPES: Readonly<Record<string, string>> = {
  [EXPIRING]: "cart.expiring",
  "cart-cleared": "cart.cleared",
  "cart-merged": "cart.merged",
};

/** What is wrong with an event that follows `previous`; null when nothing is. */
function contradiction(
  { type, subject, version, data }: Arrival,
  previous: Arrival | null,
  journeys: Journeys,
): string | null {
  const { change } = data;
  if (data.cartId !== subject || data.version !== version)
    return `says cart ${data.cartId}, version ${data.version} in its data`;
  if (previous && data.owner !== previous.data.owner)
    return `belongs to ${data.owner}, the one before to ${previous.data.owner}`;
  if (previous && ends(previous)) return "follows the end of the cart";
  const before = previous?.data.items ?? [];
  if (change.type === EXPIRY) {
    if (type !== "cart.expired") return `tells of an expiry as ${type}`;
    return linesText(data.items) === linesText(before) ? null : "did not expire with the lines it had";
  }
  if (type !== (TYPES[change.type] ?? "cart.updated")) return `tells of ${change.type} as ${type}`;
  if (change.type === EXPIRING) return null; // notices.ts
  if (isOfJourney(change)) {
    const left = effectOfJourney(before, change, journeys);
    if (left === null || linesText(left) === linesText(data.items)) return null;
    return `has [${linesText(data.items)}], but ${change.type} leaves [${linesText(left)}] of [${linesText(before)}]`;
  }
  const kind = operationOfChange(change.type);
  if (!kind) return `tells of a change nobody knows, ${change.type}`;
  const { productId = null, quantity = null } = change;
  const after = kind.effect(before, { productId, quantity });
  if (after === null) return `tells of ${change.type}, which changed nothing`;
  return linesText(after) === linesText(data.items)
    ? null
    : `has [${linesText(data.items)}], but ${change.type} ${quantity ?? ""} ${productId ?? ""} leaves [${linesText(after)}] of [${linesText(before)}]`;
}

/** True for an event after which the cart is no more. */
export function ends({ data }: Arrival): boolean {
  return data.items.length === 0 || data.change.type === EXPIRY;
}
