import { jwtVerify, SignJWT } from "jose";
import { LRUCache } from "lru-cache";

/** The header in which the gateway tells a service behind it who a request acts for. */
export const IDENTITY_HEADER = "x-cartwright-identity";

const ISSUER = "cartwright-gateway";
const AUDIENCE = "cartwright-cart";
const OWNER = /^(user|guest):[\x21-\x7e]{1,128}$/;
const MOST_CACHED = 50_000;

/** True for `user:<id>` and `guest:<id>` with an id of 1 to 128 visible ASCII characters. */
export function isOwner(value: unknown): value is string {
  return typeof value === "string" && OWNER.test(value);
}

/** Signs owners into internal tokens (HS256) that live `ttlSeconds`; the token of an owner is used again for half its life. */
export function createInternalTokenSigner(options: { secret: string; ttlSeconds?: number }): {
  /** The owner's token when one is at hand. */
  cached(owner: string): string | undefined;
  sign(owner: string): Promise<string>;
} {
  const { secret, ttlSeconds = 60 } = options;
  const key = new TextEncoder().encode(secret);
  const tokens = memory();
  return {
    cached: tokens.get,
    sign: async (owner) => {
      const known = tokens.get(owner);
      if (known !== undefined) return known;
      if (!isOwner(owner)) throw new Error("not an owner");
      const halfLife = Date.now() + ttlSeconds * 500;
      const token = await new SignJWT()
        .setProtectedHeader({ alg: "HS256", typ: "JWT" })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject(owner)
        .setIssuedAt()
        .setExpirationTime(`${ttlSeconds}s`)
        .sign(key);
      tokens.set(owner, token, halfLife);
      return token;
    },
  };
}

/** Verifies internal tokens; one that was verified is remembered until it expires. */
export function createInternalTokenVerifier(options: { secret: string }): {
  /** The owner of a token that was verified before and still lives; near-free. */
  cached(token: string): string | undefined;
  /** The owner, or null for a token that is not ours, not for us, or over. */
  verify(token: string): Promise<string | null>;
} {
  const key = new TextEncoder().encode(options.secret);
  const owners = memory();
  return {
    cached: owners.get,
    verify: async (token) => {
      const known = owners.get(token);
      if (known !== undefined) return known;
      try {
        const { payload } = await jwtVerify(token, key, {
          algorithms: ["HS256"],
          issuer: ISSUER,
          audience: AUDIENCE,
          requiredClaims: ["exp", "sub"],
        });
        if (!isOwner(payload.sub)) return null;
        owners.set(token, payload.sub, payload.exp! * 1000);
        return payload.sub;
      } catch {
        return null; // whatever is wrong with it, the answer is the same
      }
    },
  };
}

/** Strings by key, each until a moment in epoch ms; the least used go first. The cache's own TTL costs a timer per ms. */
function memory() {
  const entries = new LRUCache<string, { value: string; until: number }>({ max: MOST_CACHED });
  return {
    get: (key: string): string | undefined => {
      const entry = entries.get(key);
      return entry !== undefined && entry.until > Date.now() ? entry.value : undefined;
    },
    set: (key: string, value: string, until: number) => void entries.set(key, { value, until }),
  };
}
