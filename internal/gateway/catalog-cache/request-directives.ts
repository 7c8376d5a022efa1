/** An answer that was fetched or validated so lately (ms) is new enough for whoever wants a new one. */
const NEW_ENOUGH_MS = 1_000;

/** What a request's Cache-Control comes to. */
export interface RequestDirectives {
  /** What the cache is to heed of it; undefined for nothing. */
  readonly heeded: string | undefined;
  /** Whether the answer to it is not to be kept. */
  readonly noStore: boolean;
  /** Whether the catalog is not to be asked. */
  readonly onlyIfCached: boolean;
}

const NONE: RequestDirectives = { heeded: undefined, noStore: false, onlyIfCached: false };

/**
 * Reads a request's Cache-Control (RFC 9111 section 5.2.1: advisory) so that a stranger cannot have the
 * catalog asked at will. Whatever is kept may be the answer to `no-store`, as the RFC says; what was fetched
 * or validated within the last second is the answer to every directive, so that all of them together cost the
 * catalog one call a second for each URL.
 */
export function requestDirectives(
  header: string | undefined,
  stored: { readonly storedAt: number } | undefined,
  now: number,
): RequestDirectives {
  if (header === undefined) return NONE;
  const given = header
    .toLowerCase()
    .split(",")
    .flatMap((part) => part.trim() || []);
  const onlyIfCached = given.includes("only-if-cached");
  const noStore = given.includes("no-store") && stored === undefined;
  const isNew = stored !== undefined && now - stored.storedAt < NEW_ENOUGH_MS;
  const heeded = given.filter((directive) =>
    directive === "only-if-cached" || directive === "no-store" ? stored === undefined : !isNew,
  );
  return { heeded: heeded.length > 0 ? heeded.join(", ") : undefined, noStore, onlyIfCached };
}
