import { createHash } from "node:crypto";
import { operationNamed } from "./check/operations.ts";
import type { SessionAttempt } from "./check/session-seen.ts";
import { operate, outcomeOf, type Request, send } from "./requests.ts";
import { type Guest, type Tab, untilKnown } from "./tab.ts";

/*
 * What a guest's browser does: opens a session, refreshes it now and then, in two tabs at once too, and
 * ends it. Each is repeated while its outcome is not known.
 */

/** The answer to whoever opens or refreshes a session; to a revocation there is none. */
interface Session {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly guestId: string;
}

type Operation = SessionAttempt["operation"];

const REQUESTS: Readonly<Record<Operation, { method: string; path: string; status: number }>> = {
  open: { method: "POST", path: "/api/session", status: 201 },
  refresh: { method: "POST", path: "/api/session/refresh", status: 200 },
  revoke: { method: "DELETE", path: "/api/session", status: 204 },
};

const NOTHING = { productId: null, quantity: null, key: null, ifMatch: null };

/** Goes on with the tab's session: refreshes it, or ends it; begins one where there is none. */
export async function keepSession(tab: Tab): Promise<void> {
  const { random } = tab;
  const before = tab.guest ?? (await openSession(tab));
  tab.guest = before;
  if (before === null) return;
  const guest = await refreshSession(tab, before);
  tab.guest = guest;
  await readAsGuest(tab, guest);
  if (random(2) === 0) await endSession(tab, guest);
}

/** Becomes a guest; null when no gateway opens a session now. */
export async function openSession(tab: Tab): Promise<Guest | null> {
  const { session } = await ask(tab, "open", null);
  if (session === null) return null;
  const guest = guestOf(session);
  tab.notes.guests.push(guest);
  return guest;
}

/** Goes on as the same guest with the next tokens, as a browser does now and then. */
export async function refreshSession(tab: Tab, guest: Guest): Promise<Guest> {
  const { refreshToken } = guest;
  if (refreshToken === null) return guest;
  const times = tab.random(3) === 0 ? 2 : 1;
  const done = await Promise.all(
    Array.from({ length: times }, () => untilKnown(tab, () => ask(tab, "refresh", guest))),
  );
  const session = done.map((each) => each.session).find((each) => each !== null);
  // A refresh token that may have been replaced ends the session when it is used after its grace.
  return session ? guestOf(session) : { ...guest, refreshToken: null };
}

/** Ends a session, and sees that it is over. */
async function endSession(tab: Tab, guest: Guest): Promise<void> {
  tab.guest = null;
  if (guest.refreshToken === null) return;
  const { attempt } = await untilKnown(tab, () => ask(tab, "revoke", guest));
  if (attempt.outcome.kind === "done") await ask(tab, "refresh", guest);
}

/** What a guest's access token is for. */
async function readAsGuest(tab: Tab, guest: Guest): Promise<void> {
  const { attempt } = await operate(tab.client(), guest, operationNamed("read"), NOTHING);
  tab.notes.attempts.push(attempt);
}

/** One attempt, which is written down; the session that it was answered with, if it was. */
async function ask(tab: Tab, operation: Operation, guest: Guest | null) {
  const { status, ...call } = REQUESTS[operation];
  const refreshToken = guest?.refreshToken ?? null;
  const request: Request = { ...call, ...(refreshToken !== null && { body: { refreshToken } }) };
  const sent = await send<Session | object>(tab.client(), { authorization: "" }, request);
  let session: Session | null = null;
  const outcome = outcomeOf(sent, status, ({ body }): SessionAttempt["outcome"] => {
    session = "refreshToken" in body ? body : null;
    return {
      kind: "done",
      given: session && digestOf(session.refreshToken),
      guest: session && nameOf(session),
    };
  });
  const given = session as Session | null;
  const owner = guest?.name ?? (given === null ? "nobody" : nameOf(given));
  const { trace, from, to, caching } = sent;
  const presented = refreshToken === null ? null : digestOf(refreshToken);
  const attempt: SessionAttempt = { trace, owner, operation, presented, from, to, caching, outcome };
  tab.notes.sessions.push(attempt);
  return { attempt, outcome, session: given };
}

/** Enough to tell tokens apart; the history goes into a file. */
const digestOf = (token: string) => createHash("sha256").update(token).digest("hex").slice(0, 16);

const nameOf = ({ guestId }: Session) => `guest:${guestId}`;

const guestOf = (session: Session): Guest => ({
  name: nameOf(session),
  authorization: `Bearer ${session.accessToken}`,
  token: session.accessToken,
  refreshToken: session.refreshToken,
});
