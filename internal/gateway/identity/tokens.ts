import {
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  type JWTVerifyOptions,
  jwtVerify,
} from "jose";
import { type Identity, identityOf } from "../../platform/identity/identity.ts";
import type { KeyRing } from "../../platform/identity/key-ring.ts";
import { signToken, verifyToken } from "../../platform/identity/signed-token.ts";
import type { Logger } from "../../platform/logger/logger.ts";
import { err, ok, type Result } from "../../platform/result/result.ts";
import type { KeySet } from "./user-keys.ts";

const SESSION_ISSUER = "cartwright-gateway-session";
const SESSION_AUDIENCE = "cartwright-guest";

/**
 * How far ahead (ms) a token may expire: 366 days. What lies
 * beyond is a fault of its issuer, such as an exp in ms.
 */
const MOST_LIFETIME_MS = 366 * 86_400_000;

/**
 * Why a bearer token was not taken. What exactly is wrong with a token is not told, except to whom its
 * issuer gave it: that it expired, that it never does, or that its subject cannot be one of our owners.
 */
export type TokenError =
  | { readonly code: "INVALID" }
  | { readonly code: "EXPIRED" }
  | { readonly code: "EXPIRES_TOO_LATE" }
  | { readonly code: "SUBJECT" }
  | { readonly code: "KEYS_UNAVAILABLE"; readonly cause: unknown };

export interface Verified {
  readonly identity: Identity;
  /** Epoch ms. */
  readonly expiresAt: number;
}

export type VerifyToken = (token: string) => Promise<Result<Verified, TokenError>>;

/** Whose tokens to take for users. */
export interface UserTokens {
  readonly keys: KeySet;
  readonly issuer: string;
  readonly audience: string;
  /** Asymmetric only. */
  readonly algorithms: readonly string[];
}

/** An access token of a guest: HS256, of our own, which lives `ttlSeconds`. */
export function issueGuestToken(keys: KeyRing, guestId: string, ttlSeconds: number): Promise<string> {
  return signToken(keys, { iss: SESSION_ISSUER, aud: SESSION_AUDIENCE, sub: guestId }, ttlSeconds);
}

/**
 * Verifies bearer tokens: a guest's by the session keys, a user's by the
 * issuer's keys, each with its algorithms, issuer, audience and expiry pinned.
 * The unverified issuer claim only chooses which check a token must pass. That no key fits a user's token, or
 * one cannot be used, is logged once for each edition of the keys: it may be a rotation that went wrong.
 */
export function createTokenVerifier(
  sessionKeys: KeyRing,
  users: UserTokens | null,
  log?: Logger,
): VerifyToken {
  const told = new Map<string, number>();
  function tellOnce(token: string, { code, message }: errors.JOSEError, edition: number): void {
    if (!KEY_FAULTS.includes(code) || told.get(code) === edition) return;
    told.set(code, edition);
    const { alg, kid } = decodeProtectedHeader(token);
    const named = { alg: String(alg).slice(0, 64), kid: String(kid).slice(0, 64) };
    log?.warn({ ...named, reason: message }, "a user's token was refused for its key");
  }
  return async (token) => {
    try {
      if (decodeJwt(token).iss === SESSION_ISSUER) {
        const expected = { issuer: SESSION_ISSUER, audience: SESSION_AUDIENCE };
        return verified("guest", await verifyToken(sessionKeys, token, expected));
      }
      if (users === null) return err({ code: "INVALID" });
      return verified("user", await verifyUser(token, users));
    } catch (cause) {
      if (cause instanceof errors.JWTExpired) return err({ code: "EXPIRED" });
      if (!isAboutToken(cause)) return err({ code: "KEYS_UNAVAILABLE", cause });
      if (users !== null) tellOnce(token, cause, users.keys.edition());
      return err({ code: "INVALID" });
    }
  };
}

/** The claims of a user's token. Where several keys fit it, by no `kid` or one given twice, each is tried. */
async function verifyUser(token: string, users: UserTokens): Promise<JWTPayload> {
  const options: JWTVerifyOptions = {
    algorithms: [...users.algorithms],
    issuer: users.issuer,
    audience: users.audience,
    requiredClaims: ["exp", "sub"],
    clockTolerance: 5,
  };
  try {
    return (await jwtVerify(token, users.keys.find, options)).payload;
  } catch (several) {
    if (!(several instanceof errors.JWKSMultipleMatchingKeys)) throw several;
    let refused: unknown = several;
    for await (const key of several) {
      try {
        return (await jwtVerify(token, key, options)).payload;
      } catch (error) {
        if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
        refused = error;
      }
    }
    throw refused;
  }
}

/** jose's codes for a set in which no key fits, and for a key that cannot be used. */
const KEY_FAULTS = ["ERR_JWKS_NO_MATCHING_KEY", "ERR_JWK_INVALID", "ERR_JOSE_NOT_SUPPORTED"];

/**
 * jose's codes for an answer other than 200 or not JSON, for none in time, and for JSON that is no key set.
 */
const KEY_SET_FAULTS = ["ERR_JOSE_GENERIC", "ERR_JWKS_TIMEOUT", "ERR_JWKS_INVALID"];

function isAboutToken(cause: unknown): cause is errors.JOSEError {
  return cause instanceof errors.JOSEError && !KEY_SET_FAULTS.includes(cause.code);
}

function verified(
  kind: "guest" | "user",
  payload: { sub?: unknown; exp?: number },
): Result<Verified, TokenError> {
  // A number or a list would become a text, and perhaps that of somebody else.
  const identity = typeof payload.sub === "string" ? identityOf(`${kind}:${payload.sub}`) : null;
  if (identity === null) return err({ code: "SUBJECT" });
  const expiresAt = payload.exp! * 1000;
  return expiresAt > Date.now() + MOST_LIFETIME_MS
    ? err({ code: "EXPIRES_TOO_LATE" })
    : ok({ identity, expiresAt });
}
