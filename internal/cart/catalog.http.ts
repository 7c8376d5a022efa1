import { BrokenCircuitError, CircuitState, ConsecutiveBreaker, circuitBreaker, handleAll } from "cockatiel";
import { LRUCache } from "lru-cache";
import { Pool } from "undici";
import type { Logger } from "../platform/logger/logger.ts";
import { Counter, Gauge, type Registry } from "../platform/metrics/metrics.ts";
import { err, ok, type Result } from "../platform/result/result.ts";
import type { Catalog, CatalogError, Listing, Product } from "./catalog.ts";
import { catalogSchemas } from "./catalog-api.ts";

/** Failures in a row that open the breaker, and how long (ms) it stays open before one request tries again. */
const BREAK_AFTER = 5;
const HALF_OPEN_AFTER_MS = 1_000;
const MOST_IDS = 100;
const MOST_BYTES = 1024 * 1024;

interface Entry extends Listing {
  readonly product: Product;
}

/**
 * The catalog over HTTP: a timeout over the whole answer, a breaker, a short cache, and one request for any number of
 * concurrent look-ups of a product. What was seen is kept for views after it is stale. A slow, failing or nonsensical
 * catalog is CATALOG_UNAVAILABLE; that is logged when it begins and when it ends.
 */
export function createHttpCatalog(options: {
  url: string;
  timeoutMs: number;
  cacheTtlMs: number;
  currency: string;
  log: Logger;
  registry: Registry;
  /** How long a product is kept for views once it is stale, in ms, and how many are kept. */
  staleTtlMs?: number;
  maxEntries?: number;
}): Catalog & { close(): Promise<void> } {
  const {
    timeoutMs,
    cacheTtlMs,
    currency,
    log,
    registry,
    staleTtlMs = 86_400_000,
    maxEntries = 10_000,
  } = options;
  const base = new URL(options.url);
  const prefix = base.pathname.replace(/\/$/, "");
  const pool = new Pool(base.origin, {
    connections: 32,
    connect: { timeout: timeoutMs },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    maxResponseSize: MOST_BYTES,
  });
  const schemas = catalogSchemas(currency);
  const seen = new LRUCache<string, Entry>({ max: maxEntries, ttl: staleTtlMs });
  const underway = new Map<string, Promise<Result<Product, CatalogError>>>();
  const breaker = circuitBreaker(handleAll, {
    halfOpenAfter: HALF_OPEN_AFTER_MS,
    breaker: new ConsecutiveBreaker(BREAK_AFTER),
  });
  const lookups = new Counter({
    name: "catalog_lookups_total",
    help: "Products looked up, by where the answer came from",
    labelNames: ["result"] as const,
    registers: [registry],
  });
  const fresh = lookups.labels("fresh");
  new Gauge({
    name: "catalog_breaker_open",
    help: "1 while the catalog is not asked because it keeps failing",
    registers: [registry],
    collect() {
      this.set(breaker.state === CircuitState.Open ? 1 : 0);
    },
  });
  let failing = false;

  /** Asks the catalog; null for 404. Rejects when there is no sensible answer, at once while the breaker is open. */
  async function ask(path: string): Promise<unknown> {
    try {
      const answer = await breaker.execute(async () => {
        const { statusCode, body } = await pool.request({
          method: "GET",
          path: prefix + path,
          headers: { accept: "application/json" },
          signal: AbortSignal.timeout(timeoutMs),
        });
        if (statusCode === 404) {
          await body.dump();
          return null;
        }
        if (statusCode !== 200) {
          await body.dump();
          throw new Error(`the catalog answered ${statusCode}`);
        }
        return check(path, await body.json());
      });
      if (failing) log.info("the catalog answers again");
      failing = false;
      return answer;
    } catch (error) {
      if (!failing && !(error instanceof BrokenCircuitError)) {
        log.warn({ err: error }, "the catalog does not answer sensibly");
        failing = true;
      }
      throw error;
    }
  }

  function check(path: string, answer: unknown): Product | readonly Product[] {
    if (!path.startsWith("/products/")) return schemas.products.parse(answer).items;
    const product = schemas.product.parse(answer);
    if (path !== `/products/${encodeURIComponent(product.id)}`)
      throw new Error("the catalog answered another product");
    return product;
  }

  function remember(product: Product): void {
    seen.set(product.id, { product, name: product.name, price: product.price, asOf: Date.now() });
  }

  function freshEntry(id: string): Entry | undefined {
    const entry = seen.get(id);
    return entry && Date.now() - entry.asOf <= cacheTtlMs ? entry : undefined;
  }

  async function fetchProduct(id: string): Promise<Result<Product, CatalogError>> {
    try {
      const product = (await ask(`/products/${encodeURIComponent(id)}`)) as Product | null;
      if (product === null) {
        lookups.inc({ result: "not_found" });
        return err({ code: "PRODUCT_NOT_FOUND", productId: id });
      }
      lookups.inc({ result: "fetched" });
      remember(product);
      return ok(product);
    } catch {
      lookups.inc({ result: "unavailable" });
      return err({ code: "CATALOG_UNAVAILABLE", retryAfterSeconds: Math.ceil(HALF_OPEN_AFTER_MS / 1000) });
    }
  }

  async function fetchListings(ids: readonly string[]): Promise<void> {
    try {
      const found = (await ask(`/products?ids=${ids.map(encodeURIComponent).join(",")}`)) as
        | readonly Product[]
        | null;
      for (const product of found ?? []) remember(product);
    } catch {
      // Shown from what was seen before; the outage itself is logged where the catalog is asked.
    }
  }

  /** One batch request for any number of concurrent views that want the same products. */
  const batches = new Map<string, Promise<void>>();
  function batch(ids: readonly string[]): Promise<void> {
    const key = ids.join(",");
    const running = batches.get(key) ?? fetchListings(ids).finally(() => batches.delete(key));
    batches.set(key, running);
    return running;
  }

  return {
    product: async (id) => {
      const cached = freshEntry(id);
      if (cached) {
        fresh.inc();
        return ok(cached.product);
      }
      const running = underway.get(id) ?? fetchProduct(id).finally(() => underway.delete(id));
      underway.set(id, running);
      return running;
    },
    listings: async (ids) => {
      const missing = ids.filter((id) => !freshEntry(id));
      const chunks: Promise<void>[] = [];
      for (let i = 0; i < missing.length; i += MOST_IDS) chunks.push(batch(missing.slice(i, i + MOST_IDS)));
      await Promise.all(chunks);
      const listings = new Map<string, Listing>();
      for (const id of ids) {
        const entry = seen.get(id);
        if (entry) listings.set(id, entry);
        if (entry && !freshEntry(id)) lookups.inc({ result: "stale" });
      }
      return listings;
    },
    cachedProduct: (id) => {
      const entry = freshEntry(id);
      if (entry) fresh.inc();
      return entry?.product ?? null;
    },
    cachedListings: (ids) => {
      const listings = new Map<string, Listing>();
      for (const id of ids) {
        const entry = freshEntry(id);
        if (!entry) return null;
        listings.set(id, entry);
      }
      return listings;
    },
    close: () => pool.close(),
  };
}
