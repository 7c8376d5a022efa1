import { connect } from "node:net";
import { expect } from "chai";
import { eventually } from "../testkit/eventually.ts";
import { request } from "../testkit/shopper.ts";
import { expectProblem } from "./expect-problem.ts";
import { shoppingScene } from "./shopping-scene.ts";

describe("Shopping and the catalog, from outside", function () {
  const scene = shoppingScene(this);
  const { catalogAdmin } = scene;

  it("asks the catalog before it touches Redis", async () => {
    const { shopper, redisUrl } = scene;
    // A plain socket: the driver's monitor breaks when a line comes in one packet with the answer to MONITOR.
    const monitor = connect(Number(new URL(redisUrl).port), "127.0.0.1");
    let seen = "";
    monitor.on("data", (data) => (seen += data));
    monitor.write("MONITOR\r\n");
    // The cart's scripts carry the owner's cart key; sweeps do not, and readiness asks for keys of its own.
    const touched = () =>
      seen.split("\n").some((line) => /"(cart|idem):\{/.test(line) && !line.includes("rights-probe"));
    try {
      await eventually("the monitor listens", () => seen.startsWith("+OK"));
      expectProblem(await shopper.add("no-such-product", 1), 404, "PRODUCT_NOT_FOUND", "productId");
      expectProblem(await shopper.add("sled-pulk", 1), 409, "OUT_OF_STOCK", "quantity");
      expect(touched(), seen).to.equal(false);
      await shopper.add("mug-steel", 1);
      await eventually("the monitor does see a change", touched);
    } finally {
      monitor.destroy();
    }
  });

  it("refuses adds while the catalog is slow, failing, talking nonsense or gone, and lets everything else go on", async () => {
    const { shopper, platform } = scene;
    const before = (await shopper.add("mug-steel", 2)).body;
    let { expiresAt } = before;
    const faults: [string, () => Promise<unknown>, () => Promise<unknown>][] = [
      [
        "slow",
        () => catalogAdmin("PUT", "/faults", { delayMs: 5_000 }),
        () => catalogAdmin("DELETE", "/faults"),
      ],
      [
        "failing",
        () => catalogAdmin("PUT", "/faults", { failRate: 1 }),
        () => catalogAdmin("DELETE", "/faults"),
      ],
      [
        "nonsense",
        () => catalogAdmin("PUT", "/faults", { nonsense: true }),
        () => catalogAdmin("DELETE", "/faults"),
      ],
      ["gone", () => platform.catalog.kill("SIGKILL"), () => platform.catalog.start()],
    ];
    for (const [name, begin, end] of faults) {
      await begin();
      const refused = await eventually(`${name}: refused once the cache is over`, async () => {
        const answer = await shopper.add("mug-steel", 1);
        if (answer.status === 200) expiresAt = answer.body.expiresAt;
        return answer.status === 503 ? answer : null;
      });
      expectProblem(refused, 503, "CATALOG_UNAVAILABLE");
      expect(Number(refused.headers.get("retry-after"))).to.be.at.least(1);
      const seen = await shopper.cart();
      expect(seen.status, name).to.equal(200);
      const names = seen.body.items.map((line: { name: string }) => line.name);
      const over = Date.now() >= Date.parse(expiresAt);
      expect(names, `${name}: shown from memory`).to.deep.equal(
        over && names.length === 0 ? [] : ["Steel mug 350 ml"],
      );
      expect((await shopper.call("DELETE", "/api/cart/items/mug-steel")).status, name).to.equal(200);
      expect((await shopper.call("DELETE", "/api/cart")).status, name).to.equal(200);
      await end();
      await eventually(`${name}: adds work again`, async () => {
        const answer = await shopper.add("mug-steel", 1);
        if (answer.status === 200) expiresAt = answer.body.expiresAt;
        return answer.status === 200;
      });
    }
    expect(before.items[0].name).to.equal("Steel mug 350 ml");
  });

  it("shows the catalog from a cache that says so, a changed price within seconds, and a gone catalog's last answer", async () => {
    const { platform } = scene;
    const path = "/api/catalog/products/map-alps";
    const read = (headers = {}) => request(platform.gatewayUrl, "GET", path, { headers });
    const first = await eventually("it is cached", async () => {
      const answer = await read();
      return answer.headers.get("cache-status")?.startsWith("cartwright; hit; ttl=") ? answer : null;
    });
    expect(Number(first.headers.get("age"))).to.be.within(0, 5);
    const known = await read({ "if-none-match": first.headers.get("etag") });
    expect([known.status, known.headers.get("etag")]).to.deep.equal([304, first.headers.get("etag")]);

    const { amount, currency } = first.body.price;
    const price = { amount: amount + 5, currency };
    await catalogAdmin("PATCH", "/products/map-alps", { price });
    const later = await eventually("the new price shows", async () => {
      const answer = await read();
      return answer.body.price.amount === amount + 5 ? answer : null;
    });
    expect(later.headers.get("etag")).not.to.equal(first.headers.get("etag"));

    await platform.catalog.kill("SIGKILL");
    const instead = await eventually("its last answer is stale", async () => {
      const answer = await read();
      return answer.headers.get("cache-status")?.includes("stale-if-error") ? answer : null;
    });
    expect([instead.status, instead.body]).to.deep.equal([200, later.body]);
    // It comes back as it was, without the change.
    await platform.catalog.start();
  });

  it("answers a repeat from memory even when the product is sold out since", async () => {
    const { shopper } = scene;
    await catalogAdmin("PUT", "/products/last-one", {
      name: "Last one",
      price: { amount: 100, currency: "EUR" },
      stock: 1,
    });
    expect((await shopper.add("last-one", 1, { "idempotency-key": "k" })).status).to.equal(200);
    await catalogAdmin("PATCH", "/products/last-one", { stock: 0 });
    await eventually(
      "the catalog's cache is over",
      async () => (await shopper.add("last-one", 1)).body.code === "OUT_OF_STOCK",
    );
    const repeat = await shopper.add("last-one", 1, { "idempotency-key": "k" });
    expect([repeat.status, repeat.headers.get("idempotent-replayed")]).to.deep.equal([200, "true"]);
  });
});
