import type { Caching } from "./answers.ts";

/** What a cache that answers wrongly says of itself, read as RFC 9111 and RFC 9211 have it. */

/** The rounding of an Age and of a moment, s. */
const ROUNDING = 1;

/** A Cache-Status as the gateway writes it (RFC 9211). */
interface CacheStatus {
  readonly isHit: boolean;
  readonly ttl: number | null;
  readonly detail: string | null;
}

/** What each parameter of Cache-Status may be. */
const PARAMETERS: Readonly<Record<string, RegExp>> = {
  hit: /^$/,
  fwd: /^=(uri-miss|vary-miss|stale|request|miss|bypass|method|partial)$/,
  "fwd-status": /^=[1-5]\d\d$/,
  stored: /^(=\?0)?$/,
  collapsed: /^(=\?0)?$/,
  ttl: /^=-?\d{1,15}$/,
  detail: /^=([A-Za-z*][\w:/!#$%&'*+.^`|~-]*|"[^"\\]*")$/,
};

/** Null for what is not one member of that form. */
export function cacheStatusOf(text: string): CacheStatus | null {
  const [cache, ...parts] = text.split(/; */);
  if (!/^[A-Za-z*][\w.-]*$/.test(cache ?? "")) return null;
  const parameters = new Map(
    parts.map((part) => {
      const name = part.split("=", 1)[0]!;
      return [name, part.slice(name.length)];
    }),
  );
  if (parameters.size < parts.length) return null;
  for (const [name, value] of parameters) if (!PARAMETERS[name]?.test(value)) return null;
  const isHit = parameters.has("hit");
  const forwarded = ["fwd", "fwd-status", "stored", "collapsed"].filter((name) => parameters.has(name));
  if (isHit ? forwarded.length > 0 : !parameters.has("fwd")) return null;
  const ttl = parameters.get("ttl");
  return {
    isHit,
    ttl: ttl === undefined ? null : Number(ttl.slice(1)),
    detail: parameters.get("detail")?.slice(1) ?? null,
  };
}

/** The age of an answer in s, 0 for one without; null for what is not a number of seconds. */
export function ageOf({ age }: Caching): number | null {
  if (age === null) return 0;
  return /^\d{1,10}$/.test(age) ? Number(age) : null;
}

/** A directive's seconds; 0 where there is none. */
function secondsOf({ control }: Caching, directive: string): number {
  return Number(new RegExp(`(?:^|,) *${directive}=(\\d+) *(?:,|$)`).exec(control ?? "")?.[1] ?? 0);
}

/** What is wrong with the fields of an answer that everybody may share; null for nothing. */
export function wrongCaching(caching: Caching): { rule: string; what: string } | null {
  const malformed = (what: string) => ({ rule: "cache-fields", what });
  const { status, control } = caching;
  if (control === null || !/(^|,) *max-age=\d+ *(,|$)/.test(control) || /no-store|private/.test(control))
    return malformed(`Cache-Control ${control}`);
  const said = status === null ? null : cacheStatusOf(status);
  if (said === null) return malformed(`Cache-Status ${status}`);
  const age = ageOf(caching);
  if (age === null) return malformed(`Age ${caching.age}`);
  const isKept = said.isHit || said.detail === "stale-if-error";
  if (isKept !== (caching.age !== null)) return malformed(`Cache-Status ${status} with Age ${caching.age}`);
  const fresh = secondsOf(caching, "max-age");
  const allowance = said.isHit ? "stale-while-revalidate" : "stale-if-error";
  const most = fresh + secondsOf(caching, allowance) + ROUNDING;
  if (age > most) return { rule: "too-stale", what: `Age ${age}, of ${most} that ${control} allows` };
  // Both are rounded, and may be told by two looks at the clock.
  if (isKept && said.ttl !== null && Math.abs(fresh - age - said.ttl) > 2 * ROUNDING)
    return malformed(`Cache-Status ${status} with Age ${age} and ${control}`);
  return null;
}

/** What is wrong with the fields of an answer that is one owner's; null for nothing. */
export function wrongPrivacy({ age, status, control }: Caching): string | null {
  if (age !== null) return `Age ${age}`;
  if (status !== null) return `Cache-Status ${status}`;
  const isPrivate = (control ?? "").split(/ *, */).includes("no-store");
  return isPrivate ? null : `Cache-Control ${control}`;
}
