import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  decodeJwt,
  errors,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
  jwtVerify,
  SignJWT,
} from "jose";
import { isOwner } from "../platform/identity/internal-token.ts";
import { err, ok, type Result } from "../platform/result/result.ts";

const SESSION_ISSUER = "cartwright-gateway";
const SESSION_AUDIENCE = "cartwright-guest";

/** Why a bearer token was not taken. What exactly is wrong with a token is told to nobody but its owner's clock. */
export type TokenError =
  | { readonly code: "INVALID" }
  | { readonly code: "EXPIRED" }
  | { readonly code: "KEYS_UNAVAILABLE" };

export interface Verified {
  /** `user:<sub>` or `guest:<id>`. */
  readonly owner: string;
  /** Epoch ms. */
  readonly expiresAt: number;
}

/** Whose tokens to take for users. */
export interface UserTokens {
  /** A URL or a file with a JWK set. */
  readonly jwks: string;
  readonly issuer: string;
  readonly audience: string;
  /** Asymmetric only. */
  readonly algorithms: readonly string[];
}

/** Issues guest sessions: HS256 tokens of our own that live `ttlSeconds`. */
export function createGuestSessions(secret: string, ttlSeconds: number) {
  const key = new TextEncoder().encode(secret);
  return {
    open: async (): Promise<{ accessToken: string; expiresIn: number; guestId: string }> => {
      const guestId = randomUUID();
      const accessToken = await new SignJWT()
        .setProtectedHeader({ alg: "HS256", typ: "JWT" })
        .setIssuer(SESSION_ISSUER)
        .setAudience(SESSION_AUDIENCE)
        .setSubject(guestId)
        .setIssuedAt()
        .setExpirationTime(`${ttlSeconds}s`)
        .sign(key);
      return { accessToken, expiresIn: ttlSeconds, guestId };
    },
  };
}

/**
 * Verifies bearer tokens: a guest's by the session secret, a user's by the issuer's keys, each with its algorithms,
 * issuer, audience and expiry pinned. The unverified issuer claim only chooses which check a token must pass.
 */
export function createTokenVerifier(sessionSecret: string, users: UserTokens | null) {
  const sessionKey = new TextEncoder().encode(sessionSecret);
  const userKeys = users === null ? null : keySet(users.jwks);

  return async (token: string): Promise<Result<Verified, TokenError>> => {
    try {
      if (decodeJwt(token).iss === SESSION_ISSUER) {
        const { payload } = await jwtVerify(token, sessionKey, {
          algorithms: ["HS256"],
          issuer: SESSION_ISSUER,
          audience: SESSION_AUDIENCE,
          requiredClaims: ["exp", "sub"],
        });
        return verified("guest", payload);
      }
      if (users === null || userKeys === null) return err({ code: "INVALID" });
      const { payload } = await jwtVerify(token, userKeys, {
        algorithms: [...users.algorithms],
        issuer: users.issuer,
        audience: users.audience,
        requiredClaims: ["exp", "sub"],
        clockTolerance: 5,
      });
      return verified("user", payload);
    } catch (cause) {
      if (cause instanceof errors.JWTExpired) return err({ code: "EXPIRED" });
      if (
        cause instanceof errors.JWKSTimeout ||
        !(cause instanceof errors.JOSEError || cause instanceof TypeError)
      ) {
        return err({ code: "KEYS_UNAVAILABLE" });
      }
      return err({ code: cause instanceof TypeError && isNetwork(cause) ? "KEYS_UNAVAILABLE" : "INVALID" });
    }
  };
}

function verified(
  kind: "guest" | "user",
  payload: { sub?: string; exp?: number },
): Result<Verified, TokenError> {
  const owner = `${kind}:${payload.sub}`;
  return isOwner(owner) ? ok({ owner, expiresAt: payload.exp! * 1000 }) : err({ code: "INVALID" });
}

function keySet(jwks: string): JWTVerifyGetKey {
  return /^https?:\/\//.test(jwks)
    ? createRemoteJWKSet(new URL(jwks), { timeoutDuration: 3_000, cooldownDuration: 10_000 })
    : createLocalJWKSet(JSON.parse(readFileSync(jwks, "utf8")) as JSONWebKeySet);
}

/** fetch reports a server that cannot be reached as a TypeError with the network's error as cause. */
function isNetwork(error: TypeError): boolean {
  return error.message === "fetch failed";
}
