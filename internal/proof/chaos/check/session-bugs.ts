import { type Bug, one } from "./falsify.ts";
import type { History } from "./history.ts";
import type { Random } from "./operations.ts";
import type { SessionAttempt } from "./session-seen.ts";

/** What a platform could do wrong with guests' sessions. */
export const SESSION_BUGS = {
  "session-lost": {
    does: "forgets a session",
    rule: "session-lost",
    falsify: (history, random) => {
      const { trace } = refreshed(history, random);
      const outcome = { kind: "refused", status: 401, code: "UNAUTHENTICATED" } as const;
      const sessions = history.sessions.map((each) => (each.trace === trace ? { ...each, outcome } : each));
      return { ...history, sessions };
    },
  },
  "refresh-differs": {
    does: "gives two tokens in place of one",
    rule: "refresh-differs",
    falsify: (history, random) => {
      const victim = refreshed(history, random);
      return again(history, victim, { outcome: { kind: "done", given: "another", guest: victim.owner } });
    },
  },
  "wrong-guest": {
    does: "gives one guest another's session",
    rule: "wrong-guest",
    falsify: (history, random) => {
      const { outcome, ...victim } = refreshed(history, random);
      return again(history, { ...victim, outcome }, { outcome: { ...outcome, guest: "guest:somebody" } });
    },
  },
  "revoked-yet-refreshed": {
    does: "refreshes a session that was revoked",
    rule: "revoked-yet-refreshed",
    falsify: (history, random) => {
      const revoked = history.sessions.filter(
        ({ operation, outcome }) => operation === "revoke" && outcome.kind === "done",
      );
      const { owner, to, ...victim } = one(revoked, random);
      const outcome = { kind: "done", given: "next", guest: owner } as const;
      return again(
        history,
        { ...victim, owner, to },
        { operation: "refresh", from: to + 1, to: to + 9, outcome },
      );
    },
  },
} as const satisfies Record<string, Bug>;

type Refreshed = SessionAttempt & { readonly outcome: Extract<SessionAttempt["outcome"], { kind: "done" }> };

/** The first attempt of a refresh that was answered: nothing excuses a refusal of that. */
function refreshed({ sessions }: History, random: Random): Refreshed {
  const firsts = [...Map.groupBy(sessions, ({ owner }) => owner).values()].flatMap(
    (of) => of.find(({ operation }) => operation !== "open") ?? [],
  );
  const isRefreshed = (each: SessionAttempt): each is Refreshed =>
    each.operation === "refresh" && each.outcome.kind === "done";
  return one(firsts.filter(isRefreshed), random);
}

/** The history in which an attempt came once more, changed. */
const again = (history: History, victim: SessionAttempt, change: Partial<SessionAttempt>): History => ({
  ...history,
  sessions: [...history.sessions, { ...victim, trace: `${victim.trace.slice(0, -1)}x`, ...change }],
});
