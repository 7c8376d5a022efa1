import { check } from "./checker.ts";
import type { History, Violation } from "./history.ts";

/**
 * The smallest part of a history that still shows this violation, word for word:
 * only its owner's, then without whatever can be left out, in halves, quarters and
 * so on (Zeller's ddmin, 2002). Gives up cutting after `budgetMs`.
 */
export function shrink(history: History, violation: Violation, budgetMs = 20_000): History {
  const deadline = Date.now() + budgetMs;
  const shows = (part: History) =>
    check(part).some(({ rule, sentence }) => rule === violation.rule && sentence === violation.sentence);
  const { owner } = violation;
  let part: History = {
    attempts: history.attempts.filter((attempt) => attempt.owner === owner),
    arrivals: history.arrivals.filter((arrival) => arrival.data.owner === owner),
    carts: history.carts.filter((cart) => cart.owner === owner),
    faults: history.faults,
  };
  if (!shows(part)) return history;
  for (const which of ["carts", "attempts", "arrivals"] as const) {
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

/** The faults at the time of what is left. */
function around({ attempts, arrivals, faults }: History): History["faults"] {
  const times = [
    ...attempts.flatMap(({ from, to }) => [from, to]),
    ...arrivals.map((each) => each.receivedAt),
  ];
  const [first, last] = [Math.min(...times), Math.max(...times)];
  return faults.filter(({ from, to }) => to >= first && from <= last);
}
