import { CATALOG_BUGS } from "./catalog-bugs.ts";
import { type Bug, followed, twice, without } from "./falsify.ts";
import { MERGE_BUGS } from "./merge-bugs.ts";
import { ORDER_BUGS } from "./order-bugs.ts";
import { SESSION_BUGS } from "./session-bugs.ts";

const CART_BUGS = {
  drop: {
    does: "drops an event",
    rule: "gap",
    falsify: (history, random) => without(history, "arrivals", followed(history, random).victim),
  },
  double: {
    does: "tells an event under two ids",
    rule: "version-twice",
    falsify: (history, random) => twice(history, "arrivals", followed(history, random).victim, {}),
  },
  reorder: {
    does: "swaps two events",
    rule: "order",
    falsify: (history, random) => {
      const { victim, next } = followed(history, random);
      const { arrivals } = without(history, "arrivals", victim);
      return { ...history, arrivals: arrivals.toSpliced(arrivals.indexOf(next) + 1, 0, victim) };
    },
  },
} as const satisfies Record<string, Bug>;

/** The bugs that the checker has to find, by name. */
export const SABOTAGES: Readonly<Record<string, Bug>> = {
  ...CART_BUGS,
  ...MERGE_BUGS,
  ...ORDER_BUGS,
  ...CATALOG_BUGS,
  ...SESSION_BUGS,
};
