import { readFileSync } from "node:fs";
import { alternate, type Figure } from "../figure.ts";
import { httpLoad, writeRequests } from "../http-load.ts";
import { startNginxCache } from "../nginx.ts";
import type { Profile } from "../profile.ts";
import { CATALOG, type Stage } from "../stage.ts";

/** Reads of single products and of pages through the gateway's cache, without it, and through nginx's. */
export async function catalogScene(stage: Stage, profile: Profile): Promise<Figure[]> {
  const { rounds, seconds, connections } = profile;
  const catalog = await stage.product("catalog-stub", { CATALOG_SEED: CATALOG });
  const before = { CART_URL: catalog.url, CATALOG_URL: catalog.url };
  const cached = await stage.product("gateway", before);
  const uncached = await stage.product("gateway", { ...before, CATALOG_CACHE_BYTES: "0" });
  const nginx = await startNginxCache(stage.dir, catalog.url);
  const requestFile = writeRequests(stage.dir, "catalog", readRequests());
  const load = (url: string) => httpLoad({ url, requestFile, connections, seconds });
  const results = await alternate(
    rounds,
    () => load(cached.url),
    async () => ({ uncached: await load(uncached.url), nginx: await load(nginx.url) }),
  );
  await Promise.all([cached.kill("SIGTERM"), uncached.kill("SIGTERM"), nginx.stop()]);
  await catalog.kill("SIGTERM");
  const figure = {
    what: "catalog reads through the gateway's cache",
    unit: "requests/s",
    ours: results.a.map((result) => result.perSecond),
    details: { connections, seconds, mix: "nine products, then a page of 50" },
  };
  return [
    {
      ...figure,
      id: "catalog-uncached",
      against: "the same without the cache",
      bound: { least: 1 },
      baseline: results.b.map(({ uncached }) => uncached.perSecond),
    },
    {
      ...figure,
      id: "catalog-nginx",
      against: "nginx's proxy_cache",
      bound: null,
      note: "nginx does nothing else: no request id, metrics, quota, trace, problem+json, hardening headers",
      baseline: results.b.map(({ nginx }) => nginx.perSecond),
    },
  ];
}

function readRequests() {
  const products = JSON.parse(readFileSync(CATALOG, "utf8")) as { id: string }[];
  return products.flatMap(({ id }, n) => {
    const read = { method: "GET", path: `/api/catalog/products/${id}` } as const;
    return n % 9 === 8 ? [read, { method: "GET", path: "/api/catalog/products" } as const] : [read];
  });
}
