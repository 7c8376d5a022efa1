import { Writable } from "node:stream";
import { LRUCache } from "lru-cache";
import type { cacheStores } from "undici";
import { Gauge, type Registry } from "../../platform/metrics/metrics.ts";

type UndiciStore = InstanceType<typeof cacheStores.MemoryCacheStore>;
type CacheValue = Parameters<UndiciStore["createWriteStream"]>[1];
export type CacheKey = Parameters<UndiciStore["get"]>[0];

/** An answer as it is kept. Times in epoch ms. */
export interface StoredAnswer extends CacheValue {
  readonly cacheControlDirectives: NonNullable<CacheValue["cacheControlDirectives"]>;
  readonly body: readonly Buffer[];
  /** When it was fetched or last validated: not `cachedAt`, which lies before it by what the catalog says. */
  readonly storedAt: number;
  readonly bytes: number;
}

export interface CacheLimits {
  /** Bytes of all answers together, heads included. */
  readonly totalBytes: number;
  /** Bytes of one URL's answers; what is larger is passed on and not kept. */
  readonly entryBytes: number;
  /** URLs whose answers are kept. */
  readonly entries: number;
}

export interface AnswerStore extends Pick<UndiciStore, "createWriteStream" | "delete"> {
  get(key: CacheKey): StoredAnswer | undefined;
  /** Whether an answer to this URL is kept, whichever variant of it. */
  knows(key: CacheKey): boolean;
}

/** Answers to one URL that are kept, one for each set of the headers that `Vary` names. */
const MOST_VARIANTS = 8;

/** What an answer costs beside its own bytes, about. */
const OVERHEAD_BYTES = 512;

/**
 * Answers in memory, for undici's cache; the least recently used URL goes first. undici's own store counts
 * bodies alone, drops half of what it holds when it is full, and keeps its figures to itself.
 */
export function createAnswerStore(limits: CacheLimits, registry: Registry): AnswerStore {
  const kept = new LRUCache<string, readonly StoredAnswer[]>({
    max: limits.entries,
    maxSize: limits.totalBytes,
    maxEntrySize: limits.entryBytes,
    sizeCalculation: sizeOf,
  });
  new Gauge({
    name: "gateway_cache_entries",
    help: "URLs of the catalog whose answers the gateway keeps",
    registers: [registry],
    collect() {
      this.set(kept.size);
    },
  });
  new Gauge({
    name: "gateway_cache_bytes",
    help: "Bytes of the catalog's answers that the gateway keeps",
    registers: [registry],
    collect() {
      this.set(kept.calculatedSize);
    },
  });

  // What was stored later than now was so before the clock went back: its age is not known.
  const live = (key: CacheKey) => {
    const now = Date.now();
    return kept.get(key.path)?.filter(({ deleteAt, storedAt }) => deleteAt > now && storedAt <= now) ?? [];
  };

  function keep(key: CacheKey, answer: StoredAnswer): void {
    const variants = [answer];
    let bytes = sizeOf(variants, key.path);
    // The newest that fit: the URL as a whole would be dropped if it were too large.
    for (const variant of live(key)) {
      if (isFor(variant, key)) continue;
      bytes += variant.bytes;
      if (bytes > limits.entryBytes || variants.length === MOST_VARIANTS) break;
      variants.push(variant);
    }
    kept.set(key.path, variants);
  }

  return {
    get: (key) => live(key).find((variant) => isFor(variant, key)),
    knows: (key) => live(key).length > 0,
    delete: (key) => {
      const others = live(key).filter((variant) => !isFor(variant, key));
      if (others.length > 0) kept.set(key.path, others);
      else kept.delete(key.path);
    },
    createWriteStream: (key, value) => {
      if (!hasLifetime(value)) return undefined;
      const body: Buffer[] = [];
      let bytes = Buffer.byteLength(JSON.stringify([value.headers, value.vary])) + OVERHEAD_BYTES;
      return new Writable({
        // In memory already: to hold back whoever reads it would save nothing.
        highWaterMark: limits.entryBytes,
        write(chunk: Buffer, _encoding, done) {
          bytes += chunk.length;
          if (bytes > limits.entryBytes) this.destroy();
          else body.push(chunk);
          done();
        },
        final(done) {
          const cacheControlDirectives = directivesOf(value);
          keep(key, { ...value, cacheControlDirectives, body, storedAt: Date.now(), bytes });
          done();
        },
      });
    },
  };
}

/** undici heeds `stale-if-error`, also a client's, where `no-cache` forbids it (RFC 9111 section 4.2.4). */
function directivesOf({ cacheControlDirectives: said = {} }: CacheValue) {
  return said["no-cache"] === true ? { ...said, "stale-if-error": 0 } : said;
}

/**
 * Whether the catalog says how long an answer may be used, or that it is to be confirmed each time. By its
 * `Last-Modified` alone undici would guess a tenth of its age (RFC 9111 section 4.2.2), weeks of a price.
 */
function hasLifetime({ cacheControlDirectives: said = {}, headers }: CacheValue): boolean {
  const named = [said["max-age"], said["s-maxage"], said["no-cache"], headers.expires];
  return named.some((each) => each !== undefined);
}

const sizeOf = (variants: readonly StoredAnswer[], url: string) =>
  variants.reduce((sum, { bytes }) => sum + bytes, url.length + OVERHEAD_BYTES);

/** Whether an answer is one to this request, by the headers that its `Vary` names (RFC 9111 section 4.1). */
function isFor({ vary }: StoredAnswer, { headers = {} }: CacheKey): boolean {
  if (vary === undefined) return true;
  return Object.entries(vary).every(([name, value]) => same(headers[name], value));
}

function same(asked: string | string[] | undefined, kept: string | string[] | null): boolean {
  return asked === undefined || kept === null
    ? asked === undefined && kept === null
    : `${asked}` === `${kept}`;
}
