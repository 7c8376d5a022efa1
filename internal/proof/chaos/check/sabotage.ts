import { CATALOG_BUGS } from "./catalog-bugs.ts";
import { type Bug, changes, followed, one, twice, without } from "./falsify.ts";
import type { Arrival, History } from "./history.ts";
import { MERGE_BUGS } from "./merge-bugs.ts";
import { NOTICE_MS } from "./notices.ts";
import { EXPIRING, type Random } from "./operations.ts";
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
  "key-reused": {
    does: "answers with the outcome of another request of the same key",
    rule: "key-reused",
    falsify: (history, random) => {
      const reused = history.attempts.filter(
        ({ outcome }) => outcome.kind === "refused" && outcome.code === "IDEMPOTENCY_KEY_REUSED",
      );
      const victim = one(reused, random);
      const first = history.attempts.find(
        ({ key, outcome }) => key === victim.key && outcome.kind === "done",
      );
      const attempts = history.attempts.map((each) =>
        each === victim ? { ...each, outcome: first!.outcome } : each,
      );
      return { ...history, attempts };
    },
  },
  "key-refused": {
    does: "refuses a key that was not used",
    rule: "wrong-refusal",
    falsify: (history, random) => {
      const keyed = history.attempts.filter(({ key, outcome }) => key !== null && outcome.kind === "done");
      const { key } = one(keyed, random);
      const outcome = { kind: "refused", status: 422, code: "IDEMPOTENCY_KEY_REUSED" } as const;
      const attempts = history.attempts.map((each) => (each.key === key ? { ...each, outcome } : each));
      return { ...history, attempts };
    },
  },
  "notice-twice": {
    does: "tells twice that a cart comes near its end",
    rule: "notice-twice",
    falsify: (history, random) => twice(history, "arrivals", one(changes(history, EXPIRING), random), {}),
  },
  "notice-early": {
    does: "tells of the end of a cart that was renewed",
    rule: "wrong-notice",
    falsify: (history, random) =>
      noticing(history, random, ({ occurredAt }) => ({ occurredAt: occurredAt - NOTICE_MS })),
  },
  "notice-stranger": {
    does: "takes a guest's cart for a user's when it comes near its end",
    rule: "owner-kind",
    falsify: (history, random) =>
      noticing(history, random, ({ data }) => ({ data: { ...data, ownerKind: "nobody" } })),
  },
} as const satisfies Record<string, Bug>;

/** The history in which a notice said something else. */
function noticing(history: History, random: Random, change: (notice: Arrival) => Partial<Arrival>): History {
  const { id } = one(changes(history, EXPIRING), random);
  const arrivals = history.arrivals.map((each) => (each.id === id ? { ...each, ...change(each) } : each));
  return { ...history, arrivals };
}

/** The bugs that the checker has to find, by name. */
export const SABOTAGES: Readonly<Record<string, Bug>> = {
  ...CART_BUGS,
  ...MERGE_BUGS,
  ...ORDER_BUGS,
  ...CATALOG_BUGS,
  ...SESSION_BUGS,
};
