import { readFileSync } from "node:fs";
import { type Cost, costByPart, microsecondsEach, withCpu } from "../cpu.ts";
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
  const load = (through: { readonly url: string; readonly pid: number }) => async () => {
    const parts = { proxy: [through.pid], catalog: [catalog.pid] };
    const { result, cpu } = await withCpu(parts, () =>
      httpLoad({ url: through.url, requestFile, connections, seconds }),
    );
    return { requests: result.requests, perSecond: result.perSecond, cpu };
  };
  const [withoutCache, throughNginx] = [load(uncached), load(nginx)];
  const { a, b } = await alternate(rounds, load(cached), async () => ({
    uncached: await withoutCache(),
    nginx: await throughNginx(),
  }));
  await Promise.all([cached.kill("SIGTERM"), uncached.kill("SIGTERM"), nginx.stop()]);
  await catalog.kill("SIGTERM");
  return figures(a, b, { connections, seconds, mix: "single products, and after nine of them a page of 50" });
}

type Round = Cost & { readonly perSecond: number };

function figures(
  cached: readonly Round[],
  others: readonly { uncached: Round; nginx: Round }[],
  details: Figure["details"] & object,
): Figure[] {
  const [uncached, nginx] = [others.map((round) => round.uncached), others.map((round) => round.nginx)];
  const throughput = { what: "catalog reads, cached by the gateway", unit: "requests/s", details };
  const cpu = { what: "catalog read, CPU of gateway and catalog", unit: "us", details };
  const perSecond = (rounds: readonly Round[]) => rounds.map((round) => round.perSecond);
  const us = (rounds: readonly Round[]) => rounds.map((round) => microsecondsEach(round));
  const withoutCache = { against: "without the cache", bound: null, note: costByPart(uncached) };
  const throughNginx = {
    against: "nginx's proxy_cache",
    bound: null,
    note: "informs: nginx has no request id, metrics, quota, trace, problem+json or hardening to see to",
  };
  return [
    {
      ...throughput,
      ...withoutCache,
      id: "catalog",
      bound: { least: 1.2 },
      ours: perSecond(cached),
      baseline: perSecond(uncached),
    },
    {
      ...throughput,
      ...throughNginx,
      id: "catalog-nginx",
      ours: perSecond(cached),
      baseline: perSecond(nginx),
    },
    {
      ...cpu,
      ...withoutCache,
      id: "catalog-cpu",
      note: costByPart(cached),
      ours: us(cached),
      baseline: us(uncached),
    },
    {
      ...cpu,
      ...throughNginx,
      id: "catalog-cpu-nginx",
      note: costByPart(nginx),
      ours: us(cached),
      baseline: us(nginx),
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
