import { LRUCache } from "lru-cache";
import { Counter, type Registry } from "../../platform/metrics/metrics.ts";
import type { Verified, VerifyToken } from "./tokens.ts";

/** What a token has on average at most, bytes: larger ones take the places of several. */
const BYTES_PER_ENTRY = 671;

/** How long (ms) at most: a verification now and then also has the keys renewed that it needs. */
const MOST_REMEMBERED_MS = 60_000;

/**
 * Remembers what `verify` found, until the token expires, for a minute at most, and only while `edition`
 * (of the keys) stays the same: a token whose key is withdrawn stops working when the keys are renewed. Of
 * more than `entries` tokens the least used are forgotten; tokens that are not valid never get in.
 */
export function rememberTokens(
  verify: VerifyToken,
  { entries, edition, registry }: { entries: number; edition: () => number; registry: Registry },
): VerifyToken {
  const known = new LRUCache<string, { verified: Verified; edition: number; until: number }>({
    max: entries,
    maxSize: entries * BYTES_PER_ENTRY,
    sizeCalculation: (_verified, token) => token.length,
  });
  const lookups = new Counter({
    name: "gateway_token_cache_total",
    help: "Bearer tokens by whether they had been verified before",
    labelNames: ["result"] as const,
    registers: [registry],
  });
  const hit = lookups.labels("hit");
  const miss = lookups.labels("miss");
  return async (token) => {
    const entry = known.get(token);
    if (entry !== undefined && entry.until > Date.now() && entry.edition === edition()) {
      hit.inc();
      return { ok: true, value: entry.verified };
    }
    miss.inc();
    const verifiedUnder = edition();
    const result = await verify(token);
    if (result.ok) {
      const until = Math.min(result.value.expiresAt, Date.now() + MOST_REMEMBERED_MS);
      known.set(token, { verified: result.value, edition: verifiedUnder, until });
    }
    return result;
  };
}
