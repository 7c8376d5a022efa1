import { expect } from "chai";
import { createFaults, type FaultSettings, faultsBody } from "../../catalog/faults.ts";
import { CATALOG_PROBLEMS } from "../../catalog/problems.ts";
import { loadProducts } from "../../catalog/products.ts";
import { catalogRoutes } from "../../catalog/routes.ts";
import { createApp } from "../../platform/http/app.ts";
import { listen } from "../../platform/http/server.ts";
import { Registry } from "../../platform/metrics/metrics.ts";
import { unwrap } from "../../platform/result/result.ts";
import { eventually } from "../../testkit/eventually.ts";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import { openGate } from "../../testkit/tcp-gate.ts";
import { aProduct, describeCatalog, nameIn } from "./catalog.contract.ts";
import { createHttpCatalog } from "./catalog.http.ts";

/** A catalog client, the real stub, and a gate between them. */
async function startBench(options: Partial<Parameters<typeof createHttpCatalog>[0]> = {}) {
  const products = loadProducts(new URL("../../catalog/seed.json", import.meta.url));
  const faults = createFaults();
  const app = createApp({
    log: recordingLogger().log,
    registry: new Registry(),
    problems: CATALOG_PROBLEMS,
    routes: (app) => catalogRoutes(app, products, faults),
  });
  const requests: string[] = [];
  const server = await listen(
    (req, res) => {
      requests.push(String(req.url));
      app(req, res);
    },
    { host: "127.0.0.1", port: 0 },
  );
  const gate = await openGate({ host: "127.0.0.1", port: server.port });
  const registry = new Registry();
  const { log, lines } = recordingLogger();
  const settings = { timeoutMs: 5_000, cacheTtlMs: 60_000, currency: "EUR", log, registry };
  const catalog = createHttpCatalog({ url: `http://127.0.0.1:${gate.port}`, ...settings, ...options });
  return {
    catalog,
    products,
    requests,
    gate,
    lines,
    fault: (settings: Partial<FaultSettings>) => faults.set(faultsBody.parse(settings)),
    heal: faults.clear,
    async metric(name: string, result?: string): Promise<number | undefined> {
      const { values } = (await registry.getSingleMetric(name)!.get()) as {
        values: { value: number; labels: { result?: string } }[];
      };
      return values.find(({ labels }) => labels.result === result)?.value;
    },
    async close() {
      await catalog.close();
      await gate.close();
      await server.close();
    },
  };
}

describeCatalog("the HTTP catalog on the real stub", async ({ caching }) => {
  const bench = await startBench(caching ? {} : { cacheTtlMs: 0 });
  const { products, gate } = bench;
  return {
    ...bench,
    put: products.put,
    remove: (id) => void products.remove(id),
    goDown: gate.shut,
    comeBack: gate.open,
  };
});

describe("The HTTP catalog", () => {
  let bench: Awaited<ReturnType<typeof startBench>>;
  const start = async (...options: Parameters<typeof startBench>) => {
    bench = await startBench(...options);
    return bench.catalog;
  };
  afterEach(() => bench.close());
  const codeOf = async (id: string) => {
    const result = await bench.catalog.product(id, "guest:a");
    return result.ok ? "OK" : result.error.code;
  };

  it("asks once for 50 concurrent look-ups of one product, be it to add it or to show it", async () => {
    const catalog = await start({ cacheTtlMs: 0 });
    const [products, listings] = await Promise.all([
      Promise.all(Array.from({ length: 50 }, () => catalog.product("mug-steel", "guest:a"))),
      Promise.all(Array.from({ length: 50 }, () => catalog.listings(["mug-steel"]))),
    ]);
    expect(products.every((product) => unwrap(product).id === "mug-steel")).to.equal(true);
    expect(listings.every((listing) => nameIn(listing, "mug-steel") === "Steel mug 350 ml")).to.equal(true);
    expect(bench.requests).to.deep.equal(["/products/mug-steel"]);
    await catalog.product("mug-steel", "guest:a");
    expect(bench.requests.length, "what is over is asked again").to.equal(2);
  });

  it("asks for 250 products in three requests, and only for those that nobody is asking for", async () => {
    const catalog = await start();
    const ids = Array.from({ length: 250 }, (_, i) => `p-${i}`);
    for (const id of ids) bench.products.put(aProduct({ id }));
    const [all, some] = await Promise.all([catalog.listings(ids), catalog.listings(["mug-steel", ...ids])]);
    expect(all.size).to.equal(250);
    expect(some.size).to.equal(251);
    const asked = bench.requests.map((path) => path.split("ids=")[1]!.split(",").length);
    expect(asked.sort((a, b) => a - b)).to.deep.equal([1, 50, 100, 100]);
    await catalog.listings(ids);
    expect(bench.requests.length, "all fresh").to.equal(4);
  });

  it("sees a new price once the cache's TTL is over, and not before", async () => {
    const catalog = await start({ cacheTtlMs: 60_000 });
    const mug = unwrap(await catalog.product("mug-steel", "guest:a"));
    bench.products.put({ ...mug, stock: 3 });
    expect(unwrap(await catalog.product("mug-steel", "guest:a"))).to.deep.equal(mug);
    await bench.close();
    await start({ cacheTtlMs: 50 });
    await bench.catalog.product("mug-steel", "guest:a");
    bench.products.put({ ...mug, stock: 3 });
    await eventually(
      "the new stock",
      async () => unwrap(await bench.catalog.product("mug-steel", "guest:a")).stock === 3,
    );
  });

  it("gives up on a slow catalog", async () => {
    const catalog = await start({ timeoutMs: 100 });
    bench.fault({ delayMs: 60_000 });
    expect(await codeOf("mug-steel")).to.equal("CATALOG_UNAVAILABLE");
    expect((await catalog.listings(["mug-steel"])).size).to.equal(0);
  });

  for (const [what, settings] of [
    ["a failing", { failRate: 1, status: 500 }],
    ["a nonsensical", { nonsense: true }],
  ] as const) {
    it(`leaves ${what} catalog alone after five failures, comes back to it, and logs each turn once`, async () => {
      await start({ cacheTtlMs: 0 });
      bench.fault(settings);
      for (let i = 0; i < 5; i++) expect(await codeOf(`p-${i}`)).to.equal("CATALOG_UNAVAILABLE");
      expect(await bench.metric("catalog_breaker_open")).to.equal(1);
      for (let i = 0; i < 50; i++) expect(await codeOf(`q-${i}`)).to.equal("CATALOG_UNAVAILABLE");
      expect(bench.requests.length, "a try a second at most").to.be.within(5, 9);
      bench.heal();
      await eventually("an answer", async () => (await codeOf("mug-steel")) === "OK");
      expect(await bench.metric("catalog_breaker_open")).to.equal(0);
      expect(bench.lines.map(({ level, msg }) => [level, msg])).to.deep.equal([
        ["warn", "the catalog does not answer sensibly"],
        ["info", "the catalog answers again"],
      ]);
    });
  }

  it("does not log with every request when the catalog fails now and then", async () => {
    await start({ cacheTtlMs: 0 });
    for (let i = 0; i < 100; i++) {
      bench.fault({ failRate: i % 2 });
      await codeOf("mug-steel");
    }
    expect(bench.lines.length).to.be.below(20);
  });

  it("does not take unknown products for a failing catalog", async () => {
    await start();
    for (let i = 0; i < 20; i++) expect(await codeOf(`unknown-${i}`)).to.equal("PRODUCT_NOT_FOUND");
    expect(await bench.metric("catalog_breaker_open")).to.equal(0);
    expect(await codeOf("mug-steel")).to.equal("OK");
    expect(bench.lines).to.deep.equal([]);
  });

  it("keeps no more products than it may", async () => {
    const catalog = await start({ cacheTtlMs: 0, maxEntries: 2 });
    const ids = ["mug-steel", "bottle-1l", "map-alps"];
    await catalog.listings(ids);
    bench.gate.shut();
    expect([...(await catalog.listings(ids)).keys()]).to.deep.equal(["bottle-1l", "map-alps"]);
  });

  it("counts where its answers came from", async () => {
    const catalog = await start();
    await catalog.product("mug-steel", "guest:a");
    await catalog.product("mug-steel", "guest:a");
    await catalog.listings(["mug-steel"]);
    await catalog.listings(["mug-steel", "map-alps"]);
    await catalog.product("unknown", "guest:a");
    bench.gate.shut();
    await catalog.product("bottle-1l", "guest:a");
    const counts = await Promise.all(
      ["fresh", "fetched", "not_found", "unavailable"].map((r) => bench.metric("catalog_lookups_total", r)),
    );
    expect(counts).to.deep.equal([3, 2, 1, 1]);
    await bench.close();
    await start({ cacheTtlMs: 0 });
    await bench.catalog.listings(["mug-steel"]);
    expect(await bench.metric("catalog_lookups_total", "stale")).to.equal(undefined);
    bench.gate.shut();
    await bench.catalog.listings(["mug-steel"]);
    expect(await bench.metric("catalog_lookups_total", "stale")).to.equal(1);
  });
});
