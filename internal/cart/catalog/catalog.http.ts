import { LRUCache } from "lru-cache";
import type { Logger } from "../../platform/logger/logger.ts";
import { createDictionary } from "../../platform/memory/dictionary.ts";
import { Counter, type Registry } from "../../platform/metrics/metrics.ts";
import { err, ok, type Result } from "../../platform/result/result.ts";
import type { Catalog, CatalogError, Listing, Product } from "./catalog.ts";
import { createCatalogReader, type Description, MOST_IDS } from "./catalog-api.ts";
import { HALF_OPEN_AFTER_MS, RequestFault } from "./catalog-breaker.ts";
import { createLookupBulkheads, isCrowded } from "./catalog-bulkheads.ts";
import { createProductCache } from "./catalog-cache.ts";
import { createCatalogRequests } from "./catalog-requests.http.ts";

type LookedUp = Result<Product, CatalogError>;

const RETRY_AFTER_SECONDS = Math.max(1, Math.ceil(HALF_OPEN_AFTER_MS / 1000));
const UNAVAILABLE: CatalogError = { code: "CATALOG_UNAVAILABLE", retryAfterSeconds: RETRY_AFTER_SECONDS };
const RATE_LIMITED = { code: "RATE_LIMITED", retryAfterSeconds: RETRY_AFTER_SECONDS } as const;

/** Faults of single products are logged once each, and this many in a minute at most. */
const MOST_FAULTS_LOGGED = 10;

/**
 * The catalog over HTTP: a timeout over the whole answer, a breaker, a short cache, and one request for any
 * number of concurrent look-ups of a product, be it to add it or to show it. What was seen is kept for views
 * after it is stale. A slow, failing or nonsensical catalog is CATALOG_UNAVAILABLE; that is logged when it
 * begins and when it ends. `catalog_lookups_total` counts the catalog's answers once, however many look-ups
 * waited for one.
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
  const bulkheads = createLookupBulkheads(options.timeoutMs);
  const underway = createDictionary<Promise<LookedUp>>();
  const faults = createFaultLog(log);
  const lookups = new Counter({
    name: "catalog_lookups_total",
    help: "Products looked up, by where the answer came from",
    labelNames: ["result"] as const,
    registers: [registry],
  });
  const fresh = lookups.labels("fresh");

  function track(id: string, lookup: Promise<LookedUp>): Promise<LookedUp> {
    const tracked = lookup.finally(() => underway.delete(id));
    underway.set(id, tracked);
    return tracked;
  }

  function settle(id: string, said: Description | undefined, askedAt: number): LookedUp {
    if (said === undefined) {
      lookups.inc({ result: "not_found" });
      cache.rememberUnsold(id, askedAt);
      return err({ code: "PRODUCT_NOT_FOUND", productId: id });
    }
    if (!said.ok) return unusable(id, said.error);
    faults.over(id);
    lookups.inc({ result: "fetched" });
    cache.remember(said.value, askedAt);
    return ok(said.value);
  }

  function unavailable(): LookedUp {
    lookups.inc({ result: "unavailable" });
    return err(UNAVAILABLE);
  }

  /** What the catalog says of this product cannot be used; what it said before is no longer shown either. */
  function unusable(id: string, fault: string): LookedUp {
    faults.report(id, fault);
    lookups.inc({ result: "unusable" });
    cache.forget(id);
    return err({ ...UNAVAILABLE, productId: id });
  }

  async function lookUp(id: string): Promise<LookedUp> {
    const ask = async () => {
      const askedAt = performance.now();
      const said = await requests.get(`/products/${encodeURIComponent(id)}`, (answer) =>
        answer === null ? undefined : reader.product(id, answer.body),
      );
      return settle(id, said, askedAt);
    };
    try {
      return await (cache.seen(id)?.product ? ask() : bulkheads.ofUnseen(ask));
    } catch (error) {
      // Other faults are logged where the catalog is asked.
      return error instanceof RequestFault ? unusable(id, error.message) : unavailable();
    }
  }

  /** Several in one request; a look-up for each, under way when this returns. */
  function lookUpTogether(ids: readonly string[]): Promise<LookedUp>[] {
    const askedAt = performance.now();
    const asked = requests
      .get(`/products?ids=${ids.map(encodeURIComponent).join(",")}`, (answer) => {
        if (answer === null) throw new Error("the catalog has no products by id");
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

  /** The same for any number, in as few requests as the catalog takes. */
  function lookUpAll(ids: readonly string[]): Promise<LookedUp>[] {
    const lookups: Promise<LookedUp>[] = [];
    for (let i = 0; i < ids.length; i += MOST_IDS)
      lookups.push(...lookUpTogether(ids.slice(i, i + MOST_IDS)));
    return lookups;
  }

  /** From the fresh cache, from a look-up under way, or from a new one. */
  function known(id: string): LookedUp | Promise<LookedUp> | undefined {
    const sighting = cache.fresh(id);
    if (!sighting) return underway.get(id);
    fresh.inc();
    return sighting.product ? ok(sighting.product) : err({ code: "PRODUCT_NOT_FOUND", productId: id });
  }

  return {
    product: async (id, owner) => {
      const answer = known(id);
      if (answer) return answer;
      try {
        return await bulkheads.ofOwner(owner, async () => {
          const meanwhile = known(id);
          if (meanwhile) return meanwhile;
          // As a path, "." and ".." would name something else to whatever stands before the catalog.
          return id === "." || id === ".." ? lookUpTogether([id])[0]! : track(id, lookUp(id));
        });
      } catch (error) {
        if (isCrowded(error)) return err(RATE_LIMITED);
        throw error;
      }
    },
    afresh: async (ids, owner) => {
      try {
        const answers = await bulkheads.ofOwner(owner, () => Promise.all(lookUpAll([...new Set(ids)])));
        const products = new Map<string, Product>();
        for (const answer of answers) {
          if (answer.ok) products.set(answer.value.id, answer.value);
          else if (answer.error.code !== "PRODUCT_NOT_FOUND") return err(answer.error);
        }
        return ok(products);
      } catch (error) {
        if (isCrowded(error)) return err(RATE_LIMITED);
        throw error;
      }
    },
    listings: async (ids) => {
      const missing = [...new Set(ids)].filter((id) => !cache.fresh(id));
      fresh.inc(new Set(ids).size - missing.length);
      if (missing.length > 0) await refresh(missing);
      const listings = new Map<string, Listing>();
      for (const id of ids) {
        const listing = cache.seen(id)?.listing;
        if (listing) listings.set(id, listing);
      }
      return listings;
    },
    close: () => requests.close(),
  };

  async function refresh(missing: readonly string[]): Promise<void> {
    const waiting = missing.flatMap((id) => underway.get(id) ?? []);
    const unasked = missing.filter((id) => underway.get(id) === undefined);
    waiting.push(...lookUpAll(unasked));
    const answers = await Promise.all(waiting);
    const answered = new Set(answers.flatMap((answer) => (answer.ok ? answer.value.id : [])));
    for (const id of missing)
      if (cache.seen(id)?.product && !answered.has(id)) lookups.inc({ result: "stale" });
  }
}

/**
 * Tells of products that cannot be used: each once until it
 * can be, and few in a minute, whatever clients ask for.
 */
function createFaultLog(log: Logger) {
  const told = new LRUCache<string, true>({ max: 1_000 });
  let minute = 0;
  let inMinute = 0;
  return {
    report: (productId: string, fault: string) => {
      if (told.has(productId)) return;
      told.set(productId, true);
      const now = Math.floor(performance.now() / 60_000);
      if (now !== minute) inMinute = 0;
      minute = now;
      if (++inMinute <= MOST_FAULTS_LOGGED)
        log.warn({ productId, fault }, "the catalog describes a product wrongly");
    },
    over: (productId: string) => void told.delete(productId),
  };
}
