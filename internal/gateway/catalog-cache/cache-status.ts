/** What the cache did for one request, by the parameters of RFC 9211. */
export interface CacheStatusParameters {
  /** Why it was forwarded to the catalog (section 2.2); null when it was not. */
  readonly forwarded: "uri-miss" | "vary-miss" | "stale" | "request" | null;
  /** What the catalog answered; undefined when it did not. */
  readonly forwardedStatus?: number | undefined;
  /** Whether the answer is kept. */
  readonly stored?: boolean;
  /** Whether another request's answer served this one too; undefined when it waited for none. */
  readonly collapsed?: boolean | undefined;
  /** For how long (s) the answer is fresh yet, negative when it is not; undefined when that is not known. */
  readonly ttlSeconds?: number | undefined;
  readonly detail?: string;
}

/** Our member of the field Cache-Status (RFC 9211). */
export function cacheStatus(given: CacheStatusParameters): string {
  const { forwarded, forwardedStatus, stored, collapsed, ttlSeconds, detail } = given;
  const parameters = [
    forwarded === null ? "hit" : `fwd=${forwarded}`,
    forwardedStatus !== undefined && `fwd-status=${forwardedStatus}`,
    stored && "stored",
    collapsed !== undefined && (collapsed ? "collapsed" : "collapsed=?0"),
    ttlSeconds !== undefined && `ttl=${ttlSeconds}`,
    detail !== undefined && `detail=${detail}`,
  ];
  return [
    "cartwright",
    ...parameters.filter((parameter) => parameter !== false && parameter !== undefined),
  ].join("; ");
}
