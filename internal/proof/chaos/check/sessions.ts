import type { NoteViolation, Violation } from "./history.ts";
import type { SessionAttempt } from "./session-seen.ts";

/** For how long a refresh token that was replaced gives the same answer again, ms: the run sets it. */
export const GRACE_MS = 30_000;

/**
 * A refresh gives its guest the next token, and the same one to whoever presents the same token within the
 * grace; it is refused only when that is over or the session was ended; after a revocation always. That the
 * access tokens work, the guests' requests to their carts tell.
 */
export function checkSessions(sessions: readonly SessionAttempt[]): Violation[] {
  const violations: Violation[] = [];
  const fault: NoteViolation = (rule, owner, sentence) => violations.push({ rule, owner, sentence });
  for (const of of Map.groupBy(sessions, ({ owner }) => owner).values()) {
    for (const attempt of of) checkRefusal(attempt, of, fault);
    checkSuccessors(of, fault);
    checkRevoked(of, fault);
  }
  return violations;
}

function checkRefusal(attempt: SessionAttempt, of: readonly SessionAttempt[], fault: NoteViolation): void {
  const { owner, operation, outcome } = attempt;
  if (outcome.kind !== "refused") return;
  const isOver = operation === "refresh" && outcome.status === 401 && outcome.code === "UNAUTHENTICATED";
  if (!isOver) fault("wrong-refusal", owner, `${sessionText(attempt)}: ${outcome.status} ${outcome.code}`);
  else if (!of.some((other) => other !== attempt && mayEnd(other, attempt)))
    fault("session-lost", owner, `${sessionText(attempt)} was refused, and nothing had ended the session`);
}

/** Whether `other` may have ended the session, or used up the token that `refused` presents. */
function mayEnd(other: SessionAttempt, refused: SessionAttempt): boolean {
  if (other.from > refused.to) return false;
  if (other.operation === "revoke") return true;
  if (other.operation !== "refresh") return false;
  if (other.outcome.kind === "refused") return other.to < refused.to;
  return other.presented === refused.presented && refused.to - other.from >= GRACE_MS;
}

function checkSuccessors(of: readonly SessionAttempt[], fault: NoteViolation): void {
  const successors = new Map<string | null, string | null>();
  for (const attempt of of) {
    const { owner, operation, presented, outcome } = attempt;
    if (operation !== "refresh" || outcome.kind !== "done") continue;
    const { given, guest } = outcome;
    if (guest !== owner) fault("wrong-guest", owner, `${sessionText(attempt)} was answered for ${guest}`);
    const before = successors.get(presented) ?? given;
    if (before !== given || given === presented)
      fault("refresh-differs", owner, `${sessionText(attempt)} gave ${given}, and ${before} to another`);
    successors.set(presented, given);
  }
}

function checkRevoked(of: readonly SessionAttempt[], fault: NoteViolation): void {
  const revoked = of.filter(({ operation, outcome }) => operation === "revoke" && outcome.kind === "done");
  const over = Math.min(...revoked.map(({ to }) => to));
  for (const attempt of of)
    if (attempt.operation === "refresh" && attempt.outcome.kind === "done" && attempt.from > over)
      fault("revoked-yet-refreshed", attempt.owner, `${sessionText(attempt)} was done after a revocation`);
}

/** An attempt on a session, for a sentence. */
export const sessionText = ({ operation, presented, trace }: SessionAttempt) =>
  `${operation} of ${presented ?? "a session"} (${trace.slice(0, 8)})`;
