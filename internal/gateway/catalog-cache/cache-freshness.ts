/** What is known of how long an answer may be used. Times in epoch ms. */
export interface Lifetime {
  readonly cachedAt: number;
  readonly staleAt: number;
  readonly cacheControlDirectives: {
    readonly "must-revalidate"?: true;
    readonly "proxy-revalidate"?: true;
    readonly "s-maxage"?: number;
    readonly "stale-if-error"?: number;
    readonly "no-cache"?: true | string[];
  };
}

/** The age (s) of an answer. */
export const ageOf = ({ cachedAt }: Lifetime, now: number) =>
  Math.max(0, Math.round((now - cachedAt) / 1000));

/** For how long (s) an answer is fresh yet; negative for how long it has been stale. */
export const ttlOf = ({ staleAt }: Lifetime, now: number) => Math.floor((staleAt - now) / 1000);

export const isFresh = ({ cachedAt, staleAt }: Lifetime, now: number) => now <= staleAt && staleAt > cachedAt;

/** Whether an answer may be given as it is to a request without directives. */
export const isUsable = (lifetime: Lifetime, now: number) =>
  isFresh(lifetime, now) && lifetime.cacheControlDirectives["no-cache"] !== true;

/** Whether an answer may be given though the catalog fails (RFC 5861 section 4, RFC 9111 section 4.2.4). */
export function mayServeOnError(lifetime: Lifetime, now: number): boolean {
  const said = lifetime.cacheControlDirectives;
  if (said["no-cache"] === true) return false;
  if (said["must-revalidate"] || said["proxy-revalidate"] || said["s-maxage"] !== undefined)
    return isFresh(lifetime, now);
  return now < lifetime.staleAt + (said["stale-if-error"] ?? 0) * 1000;
}
