import { readFileSync } from "node:fs";
import { createLocalJWKSet, createRemoteJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import type { Logger } from "../platform/logger/logger.ts";

/** Finds the key of a token; see {@link openKeySet}. */
export type KeySet = JWTVerifyGetKey;

/** Where users' keys are: an http(s) URL, or a file that was read. */
export type KeySource = URL | JSONWebKeySet;

/** Reads `jwks`, a URL or the path of a file with a JWK set; throws when it is neither. */
export function readKeySource(jwks: string): KeySource {
  if (/^https?:\/\//.test(jwks)) return new URL(jwks);
  const set = JSON.parse(readFileSync(jwks, "utf8")) as JSONWebKeySet;
  createLocalJWKSet(set);
  return set;
}

/**
 * The keys that users' tokens are signed with. From a URL they are fetched when first needed, again for a key that is
 * not among them (at most every 10 s), and every `refreshMs` besides. While the URL cannot be had, the keys at hand
 * go on working.
 */
export function openKeySet(source: KeySource, log: Logger, refreshMs = 600_000): KeySet {
  if (!(source instanceof URL)) return createLocalJWKSet(source);
  const keys = createRemoteJWKSet(source, {
    timeoutDuration: 3_000,
    cooldownDuration: 10_000,
    // jose would refuse every token once keys of a finite age cannot be renewed.
    cacheMaxAge: Number.POSITIVE_INFINITY,
  });
  let refreshAt = 0;
  return (header, token) => {
    const now = Date.now();
    if (keys.fresh && now >= refreshAt) {
      if (refreshAt > 0) keys.reload().catch((err: unknown) => log.warn({ err }, "keys not refreshed"));
      refreshAt = now + refreshMs;
    }
    return keys(header, token);
  };
}
