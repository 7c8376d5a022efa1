import { answered, answering, type Bug, changes, one, twice, without } from "./falsify.ts";

/** What a platform could do wrong with merges. */
export const MERGE_BUGS = {
  "merge-lost": {
    does: "takes a guest's cart and gives it to nobody",
    rule: "merge-lost",
    falsify: (history, random) => {
      // Of those with max, the cart may have held as much already.
      const sums = history.journeys.filter(({ strategy }) => strategy === "sum");
      const summed = new Set(sums.map(({ trace }) => trace));
      const gains = changes(history, "merged").filter(({ trace }) => summed.has(trace ?? ""));
      return without(history, "arrivals", one(gains, random));
    },
  },
  "merge-twice": {
    does: "gives a guest's cart twice",
    rule: "merge-twice",
    falsify: (history, random) => twice(history, "arrivals", one(changes(history, "merged"), random), {}),
  },
  "merge-invented": {
    does: "gives what no guest had",
    rule: "merge-invented",
    falsify: (history, random) => {
      const given = new Set(changes(history, "merged").map(({ data }) => data.change.from));
      const takes = changes(history, "cart-merged").filter(({ subject }) => given.has(subject));
      return without(history, "arrivals", one(takes, random));
    },
  },
  "wrong-report": {
    does: "reports more than a merge gave",
    rule: "wrong-report",
    falsify: (history, random) => {
      const merges = answered(history).filter(({ outcome }) =>
        outcome.report.some(({ guestQuantity }) => guestQuantity > 0),
      );
      const victim = one(merges, random);
      const report = victim.outcome.report.map((line) => ({ ...line, quantity: line.quantity + 1 }));
      return answering(history, victim, { ...victim.outcome, report });
    },
  },
} as const satisfies Record<string, Bug>;
