import { check } from "./checker.ts";
import type { History, Violation } from "./history.ts";

/**
 * The smallest part of a history that still shows this violation, word for word:
 * only its owner's (and of whoever merged with it), then without whatever can be left out, in halves,
 * quarters and so on (Zeller's ddmin, 2002). Gives up cutting after `budgetMs`.
 */
export function shrink(history: History, violation: Violation, budgetMs = 20_000): History {
  const deadline = Date.now() + budgetMs;
  const shows = (part: History) =>
    check(part).some(({ rule, sentence }) => rule === violation.rule && sentence === violation.sentence);
  // With whoever a merge joins to the owner.
  const joined = history.journeys.filter(({ owner, guest }) => [owner, guest].includes(violation.owner));
  const owners = new Set([violation.owner, ...joined.flatMap(({ owner, guest }) => [owner, guest ?? owner])]);
  const of = ({ owner }: { owner: string }) => owners.has(owner);
  let part: History = {
    attempts: history.attempts.filter(of),
    arrivals: history.arrivals.filter(({ data }) => of(data)),
    carts: history.carts.filter(of),
    journeys: history.journeys.filter(of),
    orderArrivals: history.orderArrivals.filter(({ data }) => of(data)),
    orders: history.orders.filter(of),
    reads: history.reads.filter(of),
    versions: history.versions,
    sessions: history.sessions.filter(of),
    faults: history.faults,
  };
  if (!shows(part)) return history;
  for (const which of LISTS) {
    for (
      let size = Math.ceil(part[which].length / 2);
      size >= 1 && Date.now() < deadline;
      size = size === 1 ? 0 : Math.ceil(size / 2)
    ) {
      for (let at = 0; at < part[which].length && Date.now() < deadline; ) {
        const less = { ...part, [which]: part[which].toSpliced(at, size) } as History;
        if (shows(less)) part = less;
        else at += size;
      }
    }
  }
  return { ...part, faults: around(part) };
}

/** What is cut, in this order. */
const LISTS = [
  "carts",
  "orders",
  "reads",
  "versions",
  "sessions",
  "attempts",
  "journeys",
  "arrivals",
  "orderArrivals",
] as const;

/** The faults at the time of what is left, and those that made the catalog begin anew. */
function around(history: History): History["faults"] {
  const { attempts, journeys, arrivals, orderArrivals, reads, sessions, faults } = history;
  const times = [
    ...[...attempts, ...journeys, ...reads, ...sessions].flatMap(({ from, to }) => [from, to]),
    ...[...arrivals, ...orderArrivals].map((each) => each.receivedAt),
  ];
  const [first, last] = [Math.min(...times), Math.max(...times)];
  return faults.filter(
    ({ kind, from, to }) =>
      (to >= first && from <= last) || (reads.length > 0 && kind.startsWith("catalog ")),
  );
}
