import { jwtVerify, SignJWT } from "jose";
import { LRUCache } from "lru-cache";
import { type Identity, identityOf } from "./identity.ts";

/** The header in which the gateway tells a service behind it who a request acts for. */
export const IDENTITY_HEADER = "x-cartwright-identity";

const ISSUER = "cartwright-gateway";
const MOST_CACHED = 50_000;

/**
 * How long (ms) a verified token is remembered at most: a secret that is withdrawn stops working within it.
 */
const MOST_REMEMBERED_MS = 300_000;

/** Tells one service (the `audience`) who a request acts for. */
export interface IdentitySigner {
  /** Rejects for what is no identity. A token of the same identity is given again for half its life. */
  sign(identity: Identity): Promise<string>;
}

export interface IdentityVerifier {
  /** The identity, or null for a token that is not ours, not for this audience, or over. */
  verify(token: string): Promise<Identity | null>;
}

/** Signs identities into internal tokens (HS256) for `audience` that live `ttlSeconds`. */
export function createInternalTokenSigner(options: {
  secret: string;
  audience: string;
  ttlSeconds?: number;
}): IdentitySigner {
  const { secret, audience, ttlSeconds = 60 } = options;
  const key = new TextEncoder().encode(secret);
  const tokens = memory<string>();
  return {
    sign: async ({ owner, guest }) => {
      const name = guest === undefined ? owner : `${owner} ${guest}`;
      const known = tokens.get(name);
      if (known !== undefined) return known;
      if (identityOf(owner) === null || (guest !== undefined && identityOf(guest)?.kind !== "guest"))
        throw new Error("not an identity");
      const halfLife = Date.now() + ttlSeconds * 500;
      const token = await new SignJWT(guest === undefined ? {} : { guest })
        .setProtectedHeader({ alg: "HS256", typ: "JWT" })
        .setIssuer(ISSUER)
        .setAudience(audience)
        .setSubject(owner)
        .setIssuedAt()
        .setExpirationTime(`${ttlSeconds}s`)
        .sign(key);
      tokens.set(name, token, halfLife);
      return token;
    },
  };
}

/**
 * Verifies internal tokens for `audience`; one that was verified
 * is remembered until it expires, for minutes at most.
 */
export function createInternalTokenVerifier(options: { secret: string; audience: string }): IdentityVerifier {
  const key = new TextEncoder().encode(options.secret);
  const identities = memory<Identity>();
  return {
    verify: async (token) => {
      const known = identities.get(token);
      if (known !== undefined) return known;
      try {
        const { payload } = await jwtVerify(token, key, {
          algorithms: ["HS256"],
          issuer: ISSUER,
          audience: options.audience,
          requiredClaims: ["exp", "sub"],
        });
        const identity = withGuest(identityOf(payload.sub), payload.guest);
        if (identity === null) return null;
        identities.set(token, identity, Math.min(payload.exp! * 1000, Date.now() + MOST_REMEMBERED_MS));
        return identity;
      } catch {
        return null; // whatever is wrong with it, the answer is the same
      }
    },
  };
}

function withGuest(identity: Identity | null, guest: unknown): Identity | null {
  if (identity === null || guest === undefined) return identity;
  const former = identityOf(guest);
  return former?.kind === "guest" ? { ...identity, guest: former.owner } : null;
}

/**
 * Values by key, each until a moment in epoch ms; the least
 * used go first. The cache's own TTL costs a timer per ms.
 */
function memory<T>() {
  const entries = new LRUCache<string, { value: T; until: number }>({ max: MOST_CACHED });
  return {
    get: (key: string): T | undefined => {
      const entry = entries.get(key);
      return entry !== undefined && entry.until > Date.now() ? entry.value : undefined;
    },
    set: (key: string, value: T, until: number) => void entries.set(key, { value, until }),
  };
}
