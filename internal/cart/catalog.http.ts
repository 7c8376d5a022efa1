import { LRUCache } from "lru-cache";
import type { Logger } from "../platform/logger/logger.ts";
import { createDictionary } from "../platform/memory/dictionary.ts";
import { Counter, type Registry } from "../platform/metrics/metrics.ts";
import { err, ok, type Result } from "../platform/result/result.ts";
import type { Catalog, CatalogError, Listing, Product } from "./catalog.ts";
import { createCatalogReader, type Description, MOST_IDS } from "./catalog-api.ts";
import { createProductCache } from "./catalog-cache.ts";
import { createCatalogRequests, HALF_OPEN_AFTER_MS } from "./catalog-requests.http.ts";

type Lookup = Promise<Result<Product, CatalogError>>;

const UNAVAILABLE: CatalogError = {
  code: "CATALOG_UNAVAILABLE",
  retryAfterSeconds: Math.max(1, Math.ceil(HALF_OPEN_AFTER_MS / 1000)),
};

/**
 * The catalog over HTTP: a timeout over the whole answer, a breaker, a short cache, and one request for any number of
 * concurrent look-ups of a product, be it to add it or to show it. What was seen is kept for views after it is stale.
 * A slow, failing or nonsensical catalog is CATALOG_UNAVAILABLE; that is logged when it begins and when it ends.
 * `catalog_lookups_total` counts the catalog's answers once, however many look-ups waited for one.
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
  const { cacheTtlMs, currency, log, registry, staleTtlMs = 86_400_000, maxEntries = 10_000 } = options;
  const requests = createCatalogRequests(options);
  const reader = createCatalogReader(currency);
  const cache = createProductCache({ cacheTtlMs, staleTtlMs, maxEntries });
  const underway = createDictionary<Lookup>();
  const unusable = new LRUCache<string, true>({ max: 1_000 });
  const lookups = new Counter({
    name: "catalog_lookups_total",
    help: "Products looked up, by where the answer came from",
    labelNames: ["result"] as const,
    registers: [registry],
  });
  const fresh = lookups.labels("fresh");

  function track(id: string, lookup: Lookup): Lookup {
    const tracked = lookup.finally(() => underway.delete(id));
    underway.set(id, tracked);
    return tracked;
  }

  function settle(id: string, said: Description | undefined, askedAt: number): Awaited<Lookup> {
    if (said === undefined) {
      lookups.inc({ result: "not_found" });
      return err({ code: "PRODUCT_NOT_FOUND", productId: id });
    }
    if (!said.ok) {
      if (!unusable.has(id))
        log.warn({ productId: id, fault: said.error }, "the catalog describes a product wrongly");
      unusable.set(id, true);
      return unavailable();
    }
    unusable.delete(id);
    lookups.inc({ result: "fetched" });
    cache.remember(said.value, askedAt);
    return ok(said.value);
  }

  function unavailable(): Awaited<Lookup> {
    lookups.inc({ result: "unavailable" });
    return err(UNAVAILABLE);
  }

  async function lookUp(id: string): Lookup {
    const askedAt = performance.now();
    try {
      const said = await requests.get(`/products/${encodeURIComponent(id)}`, (answer) =>
        answer.status === 404 ? undefined : reader.product(id, answer.body),
      );
      return settle(id, said, askedAt);
    } catch {
      // Logged where the catalog is asked.
      return unavailable();
    }
  }

  /** Several in one request; a look-up for each, under way when this returns. */
  function lookUpTogether(ids: readonly string[]): Lookup[] {
    const askedAt = performance.now();
    const asked = requests
      .get(`/products?ids=${ids.map(encodeURIComponent).join(",")}`, (answer) => {
        if (answer.status === 404) throw new Error("the catalog has no products by id");
        return reader.products(ids, answer.body);
      })
      // Logged where the catalog is asked.
      .catch(() => null);
    return ids.map((id) =>
      track(
        id,
        asked.then((said) => (said ? settle(id, said.get(id), askedAt) : unavailable())),
      ),
    );
  }

  return {
    product: async (id) => {
      const sighting = cache.fresh(id);
      if (sighting) {
        fresh.inc();
        return ok(sighting.product);
      }
      const running = underway.get(id);
      if (running) return running;
      // As a path, "." and ".." would name something else to whatever stands before the catalog.
      if (id === "." || id === "..") return lookUpTogether([id])[0]!;
      return track(id, lookUp(id));
    },
    listings: async (ids) => {
      const missing = [...new Set(ids)].filter((id) => !cache.fresh(id));
      const waiting = missing.flatMap((id) => underway.get(id) ?? []);
      const unasked = missing.filter((id) => underway.get(id) === undefined);
      for (let i = 0; i < unasked.length; i += MOST_IDS)
        waiting.push(...lookUpTogether(unasked.slice(i, i + MOST_IDS)));
      const answered = new Set(
        (await Promise.all(waiting)).flatMap((answer) => (answer.ok ? answer.value.id : [])),
      );
      const listings = new Map<string, Listing>();
      for (const id of ids) {
        const listing = cache.seen(id)?.listing;
        if (listing) listings.set(id, listing);
      }
      for (const id of missing) if (listings.has(id) && !answered.has(id)) lookups.inc({ result: "stale" });
      fresh.inc(new Set(ids).size - missing.length);
      return listings;
    },
    cachedProduct: (id) => {
      const sighting = cache.fresh(id);
      if (!sighting) return null;
      fresh.inc();
      return sighting.product;
    },
    cachedListings: (ids) => {
      const listings = new Map<string, Listing>();
      for (const id of ids) {
        const sighting = cache.fresh(id);
        if (!sighting) return null;
        listings.set(id, sighting.listing);
      }
      fresh.inc(listings.size);
      return listings;
    },
    close: () => requests.close(),
  };
}
