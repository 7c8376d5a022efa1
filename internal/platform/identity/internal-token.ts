import { LRUCache } from "lru-cache";
import { type Identity, identityOf } from "./identity.ts";
import type { KeyRing } from "./key-ring.ts";
import { signToken, verifyToken } from "./signed-token.ts";

/** The header in which the gateway tells a service behind it who a request acts for. */
export const IDENTITY_HEADER = "x-cartwright-identity";

const ISSUER = "cartwright-gateway";
const CACHE_ENTRIES = 50_000;

/** How long (ms) a verified token is remembered at most. */
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

/** Signs identities into internal tokens (HS256) for `audience` of `ttlSeconds`; remembers `entries`. */
export function createInternalTokenSigner(options: {
  keys: KeyRing;
  audience: string;
  ttlSeconds?: number;
  entries?: number;
}): IdentitySigner {
  const { keys, audience, ttlSeconds = 60, entries = CACHE_ENTRIES } = options;
  const tokens = memory<string>(keys, entries);
  return {
    sign: async ({ owner, guest }) => {
      // A line feed is in no owner.
      const name = guest === undefined ? owner : `${owner}\n${guest}`;
      const known = tokens.get(name);
      if (known !== undefined) return known;
      if (identityOf(owner) === null || (guest !== undefined && identityOf(guest)?.kind !== "guest"))
        throw new Error("not an identity");
      const edition = keys.edition();
      const halfLife = Date.now() + ttlSeconds * 500;
      const claims = { iss: ISSUER, aud: audience, sub: owner, ...(guest !== undefined && { guest }) };
      const token = await signToken(keys, claims, ttlSeconds);
      if (edition === keys.edition()) tokens.set(name, token, halfLife);
      return token;
    },
  };
}

/**
 * Verifies internal tokens for `audience`; one that was verified is remembered until it expires, for minutes
 * at most, as one of so many `entries`.
 */
export function createInternalTokenVerifier(options: {
  keys: KeyRing;
  audience: string;
  entries?: number;
}): IdentityVerifier {
  const { keys, audience, entries = CACHE_ENTRIES } = options;
  const identities = memory<Identity>(keys, entries);
  return {
    verify: async (token) => {
      const known = identities.get(token);
      if (known !== undefined) return known;
      try {
        const edition = keys.edition();
        const { sub, exp, guest } = await verifyToken(keys, token, { issuer: ISSUER, audience });
        const identity = withGuest(identityOf(sub), guest);
        if (identity === null) return null;
        const until = Math.min(exp! * 1000, Date.now() + MOST_REMEMBERED_MS);
        if (edition === keys.edition()) identities.set(token, identity, until);
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
 * `max` values by key, each until a moment in epoch ms, and none once the keys of the ring have changed; the
 * least used go first. The cache's own TTL costs a timer per ms.
 */
function memory<T>(keys: KeyRing, max: number) {
  const entries = new LRUCache<string, { value: T; until: number }>({ max });
  let edition = keys.edition();
  return {
    get: (key: string): T | undefined => {
      if (edition !== keys.edition()) {
        entries.clear();
        edition = keys.edition();
      }
      const entry = entries.get(key);
      return entry !== undefined && entry.until > Date.now() ? entry.value : undefined;
    },
    set: (key: string, value: T, until: number) => void entries.set(key, { value, until }),
  };
}
