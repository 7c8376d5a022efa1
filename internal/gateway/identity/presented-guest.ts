import { err, ok, type Result } from "../../platform/result/result.ts";
import type { GatewayProblem } from "../problems.ts";
import { looksLikeRefreshToken } from "../sessions/refresh-token.ts";
import type { Sessions } from "../sessions/sessions.ts";
import { KEYS_UNAVAILABLE } from "./authenticate.ts";
import type { TokenError, VerifyToken } from "./tokens.ts";

/**
 * The guest, as an owner, whose access token or refresh token a JSON body presents as `guestToken`: the
 * service behind has no keys to verify it. Null for a body that has none or cannot be read here, which the
 * service refuses with what is wrong in it. A token that is not valid, or not a guest's, is refused here.
 * A refresh token is not used up, and the guest's session goes on after the merge: a repeat, and another tab
 * that still shops as the guest, are answered. A client that is done with the guest revokes the session
 * itself (DELETE /api/session) once it has the answer; whoever signs out later begins as a new guest.
 */
export async function presentedGuest(
  body: Buffer | null,
  { verify, sessions }: { verify: VerifyToken; sessions: Pick<Sessions, "holder"> },
): Promise<Result<string | null, GatewayProblem>> {
  const token = guestTokenIn(body);
  if (token === null) return ok(null);
  if (looksLikeRefreshToken(token)) {
    const holder = await sessions.holder(token);
    return holder.ok && holder.value === null ? err(NOT_HELD) : holder;
  }
  const verified = await verify(token);
  if (!verified.ok) return err(problemOf(verified.error));
  const { owner, kind } = verified.value.identity;
  return kind === "guest" ? ok(owner) : err(OF_USER);
}

function guestTokenIn(body: Buffer | null): string | null {
  if (body === null) return null;
  try {
    const { guestToken } = JSON.parse(body.toString("utf8")) as { guestToken?: unknown };
    return typeof guestToken === "string" && guestToken.length <= LONGEST_TOKEN ? guestToken : null;
  } catch {
    return null; // not JSON, or JSON's null: the service says so
  }
}

/** As long as a bearer token may be; the service refuses longer ones. */
const LONGEST_TOKEN = 8_192;

function problemOf({ code }: TokenError): GatewayProblem {
  if (code === "KEYS_UNAVAILABLE") return KEYS_UNAVAILABLE;
  return invalidToken(
    code === "EXPIRED"
      ? "has expired, and opens no cart any more"
      : "must be a valid access token or refresh token of a guest",
  );
}

function invalidToken(message: string): GatewayProblem {
  return {
    code: "GUEST_TOKEN_INVALID",
    detail: `guestToken ${message}.`,
    errors: [{ field: "guestToken", message }],
  };
}

const NOT_HELD = invalidToken("is a refresh token that counts no more, or never did");

const OF_USER: GatewayProblem = {
  code: "NOT_A_GUEST_TOKEN",
  detail: "guestToken is a user's, perhaps your own: only a guest's cart can be taken.",
  errors: [{ field: "guestToken", message: "must be a guest's token, not a user's" }],
};
