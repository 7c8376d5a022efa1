import { expect } from "chai";
import { createApp } from "../platform/http/app.ts";
import { type HttpServer, listen } from "../platform/http/server.ts";
import { Registry } from "../platform/metrics/metrics.ts";
import { recordingLogger } from "../testkit/recording-logger.ts";
import { adminRoutes } from "./admin-routes.ts";
import { createFaults } from "./faults.ts";
import { CATALOG_PROBLEMS } from "./problems.ts";
import { loadProducts, type Products } from "./products.ts";
import { catalogRoutes } from "./routes.ts";

const TOKEN = "the-admin-token-of-this-test";

describe("The catalog stub's admin routes", () => {
  let products: Products;
  let server: HttpServer;
  beforeEach(async () => {
    products = loadProducts(new URL("./seed.json", import.meta.url));
    const faults = createFaults();
    const app = createApp({
      log: recordingLogger().log,
      registry: new Registry(),
      problems: CATALOG_PROBLEMS,
      routes: (app) => {
        catalogRoutes(app, products, faults);
        adminRoutes(app, TOKEN, products, faults);
      },
    });
    server = await listen(app, { host: "127.0.0.1", port: 0 });
  });
  afterEach(() => server.close());

  async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, {
      method,
      headers: {
        connection: "close",
        authorization: `Bearer ${TOKEN}`,
        "content-type": "application/json",
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const parsed = response.headers.get("content-type")?.includes("json") ? JSON.parse(text) : text;
    return { status: response.status, body: parsed, headers: response.headers };
  }

  it("open only to who has the token", async () => {
    for (const authorization of [
      "",
      "Bearer",
      `Bearer ${TOKEN}x`,

      TOKEN,
      `Basic ${TOKEN}`,
    ]) {
      for (const [method, path] of [
        ["PATCH", "/admin/products/mug-steel"],
        ["DELETE", "/admin/products/mug-steel"],
        ["PUT", "/admin/faults"],
        ["GET", "/admin/anything"],
      ] as const) {
        const { status, body, headers } = await call(method, path, undefined, { authorization });
        expect([status, body.code]).to.deep.equal([401, "UNAUTHENTICATED"]);
        expect(headers.get("www-authenticate")).to.equal("Bearer");
      }
    }
    expect(products.get("mug-steel")?.stock).to.equal(1_000_000);
  });

  it("change a product's stock and price, add one and remove one", async () => {
    const mug = products.get("mug-steel")!;
    const patched = await call("PATCH", "/admin/products/mug-steel", { stock: 0 });
    expect([patched.status, patched.body]).to.deep.equal([200, { ...mug, stock: 0 }]);
    expect((await call("GET", "/products/mug-steel")).body.stock).to.equal(0);
    expect((await call("GET", "/products")).body.items[5].id, "in its old place").to.equal("mug-steel");

    const tent = { name: "Tent", price: { amount: 1, currency: "EUR" }, stock: 1 };
    expect((await call("PUT", "/admin/products/tent-new", tent)).status).to.equal(200);
    expect((await call("GET", "/products/tent-new")).body).to.deep.equal({ id: "tent-new", ...tent });
    expect((await call("GET", "/products")).body.items.at(-1).id).to.equal("tent-new");

    expect((await call("DELETE", "/admin/products/tent-new")).status).to.equal(204);
    expect((await call("GET", "/products/tent-new")).status).to.equal(404);
    for (const [method, body] of [
      ["DELETE", undefined],
      ["PATCH", { stock: 1 }],
    ] as const) {
      const gone = await call(method, "/admin/products/tent-new", body);
      expect([gone.status, gone.body.code]).to.deep.equal([404, "PRODUCT_NOT_FOUND"]);
    }
  });

  const tent = { name: "Tent", price: { amount: 1, currency: "EUR" }, stock: 1 };
  const refused: [method: string, path: string, body: unknown, field: string][] = [
    ["PATCH", "/admin/products/mug-steel", { stock: -1 }, "stock"],
    ["PATCH", "/admin/products/mug-steel", { stock: 0.5 }, "stock"],
    ["PATCH", "/admin/products/mug-steel", { price: { amount: "1", currency: "EUR" } }, "price.amount"],
    ["PATCH", "/admin/products/mug-steel", { price: { amount: 1, currency: "eur" } }, "price.currency"],
    ["PATCH", "/admin/products/mug-steel", { id: "other" }, "id"],
    ["PATCH", "/admin/products/mug-steel", [], "body"],
    ["PUT", "/admin/products/mug-steel", { stock: 1 }, "name"],
    ["PUT", "/admin/products/a%40b", tent, "id"],
    ["PUT", "/admin/faults", { delayMs: 60_001 }, "delayMs"],
    ["PUT", "/admin/faults", { failRate: 1.1 }, "failRate"],
    ["PUT", "/admin/faults", { status: 404 }, "status"],
    ["PUT", "/admin/faults", { nonsense: "yes" }, "nonsense"],
    ["PUT", "/admin/faults", { delay: 1 }, "delay"],
  ];
  for (const [method, path, body, field] of refused) {
    it(`refuse ${method} ${path} ${JSON.stringify(body)}, naming ${field}`, async () => {
      const before = (await call("GET", "/products")).body;
      const answer = await call(method, path, body);
      expect([answer.status, answer.body.code, answer.body.field]).to.deep.equal([
        400,
        "INVALID_REQUEST",
        field,
      ]);
      expect((await call("GET", "/products")).body).to.deep.equal(before);
    });
  }

  it("refuse other methods with 405 and Allow", async () => {
    const product = await call("POST", "/admin/products/mug-steel", {});
    expect([product.status, product.headers.get("allow")]).to.deep.equal([405, "PUT, PATCH, DELETE"]);
    const faults = await call("GET", "/admin/faults");
    expect([faults.status, faults.headers.get("allow")]).to.deep.equal([405, "PUT, DELETE"]);
  });

  it("make the catalog fail, talk nonsense and be well again; and stay reachable themselves", async () => {
    expect((await call("PUT", "/admin/faults", { failRate: 1, status: 500 })).status).to.equal(200);
    for (const path of ["/products", "/products?ids=mug-steel", "/products/mug-steel"])
      expect((await call("GET", path)).status).to.equal(500);

    await call("PUT", "/admin/faults", { nonsense: true });
    const nonsense = await call("GET", "/products/mug-steel");
    expect([nonsense.status, nonsense.body]).to.deep.equal([200, "<h1>It works!</h1>"]);

    expect((await call("DELETE", "/admin/faults")).status).to.equal(204);
    expect((await call("GET", "/products/mug-steel")).status).to.equal(200);
  });

  it("make the catalog slow", async () => {
    await call("PUT", "/admin/faults", { delayMs: 100 });
    const startedAt = performance.now();
    expect((await call("GET", "/products/mug-steel")).status).to.equal(200);
    expect(performance.now() - startedAt).to.be.at.least(95);
  });
});
