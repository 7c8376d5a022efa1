import { expect } from "chai";
import { createApp } from "../platform/http/app.ts";
import { type HttpServer, listen } from "../platform/http/server.ts";
import { Registry } from "../platform/metrics/metrics.ts";
import { recordingLogger } from "../testkit/recording-logger.ts";
import { createFaults } from "./faults.ts";
import { CATALOG_PROBLEMS } from "./problems.ts";
import { loadProducts, type Product } from "./products.ts";
import { catalogRoutes } from "./routes.ts";

describe("The catalog stub", () => {
  const products = loadProducts(new URL("./seed.json", import.meta.url));
  const { log, lines } = recordingLogger();
  let server: HttpServer;
  before(async () => {
    const routes = (app: Parameters<typeof catalogRoutes>[0]) => catalogRoutes(app, products, createFaults());
    server = await listen(createApp({ log, registry: new Registry(), problems: CATALOG_PROBLEMS, routes }), {
      host: "127.0.0.1",
      port: 0,
    });
  });
  after(async () => {
    await server.close();
    expect(
      lines.filter(({ level }) => level !== "debug"),
      "nothing worth a log line",
    ).to.deep.equal([]);
  });

  const call = (path: string, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${server.port}${path}`, init);
  const read = async (path: string) => {
    const response = await call(path);
    expect(response.status).to.equal(200);
    expect(response.headers.get("content-type")).to.match(/^application\/json/);
    return (await response.json()) as { items: Product[]; nextCursor: string | null };
  };
  const problem = async (response: Response) => {
    expect(response.headers.get("content-type")).to.match(/^application\/problem\+json/);
    const { status, code, field } = (await response.json()) as {
      status: number;
      code: string;
      field: string;
    };
    expect(status).to.equal(response.status);
    return { status, code, field };
  };

  it("sells a few dozen products in euros: plenty of the first, none or hardly any of a few", async () => {
    const { items, nextCursor } = await read("/products");
    expect(nextCursor).to.equal(null);
    expect(items.length).to.be.within(36, 50);
    expect(items[0]).to.have.all.keys("id", "name", "price", "stock");
    expect(items.every(({ price }) => price.currency === "EUR" && price.amount > 0)).to.equal(true);
    for (const { id, stock } of items.slice(0, 8)) expect(stock, id).to.be.within(100_000, 1_000_000);
    expect(items.filter(({ stock }) => stock === 0).length).to.be.within(1, 2);
    expect(items.filter(({ stock }) => stock > 0 && stock <= 20).length).to.be.at.least(2);
  });

  it("pages through all products, each once, in order", async () => {
    const all = (await read("/products?limit=100")).items;
    for (const limit of [1, 7, all.length]) {
      const paged: Product[] = [];
      let cursor: string | null = null;
      do {
        const after: string = cursor === null ? "" : `&cursor=${cursor}`;
        const page = await read(`/products?limit=${limit}${after}`);
        expect(page.items.length).to.be.within(1, limit);
        paged.push(...page.items);
        cursor = page.nextCursor;
      } while (cursor !== null);
      expect(paged).to.deep.equal(all);
    }
  });

  it("finds several by id, leaving out what it does not know", async () => {
    const { items, nextCursor } = await read("/products?ids=mug-steel,unknown,map-alps,mug-steel");
    expect(items.map(({ id }) => id)).to.deep.equal(["mug-steel", "map-alps"]);
    expect(nextCursor).to.equal(null);
    expect((await read("/products?ids=unknown")).items).to.deep.equal([]);
    const hundred = Array.from({ length: 100 }, (_, i) => `${"x".repeat(60)}${i}`);
    expect((await read(`/products?ids=${hundred}`)).items).to.deep.equal([]);
  });

  it("finds one by id", async () => {
    expect(await read("/products/mug-steel")).to.deep.equal(products.get("mug-steel"));
    for (const id of ["unknown", "%F0%9F%98%80", "a%2Fb", "%40v", "x".repeat(5_000)]) {
      const expected = { status: 404, code: "PRODUCT_NOT_FOUND", field: "id" };
      expect(await problem(await call(`/products/${id}`)), id).to.deep.equal(expected);
    }
  });

  for (const path of ["/products", "/products?limit=2", "/products?ids=mug-steel", "/products/mug-steel"]) {
    it(`answers ${path} with a strong ETag that saves the body`, async () => {
      const first = await call(path);
      const etag = String(first.headers.get("etag"));
      expect(etag).to.match(/^"[\w-]+"$/);
      const lifetime = "public, max-age=3, stale-while-revalidate=2, stale-if-error=3600";
      expect(first.headers.get("cache-control")).to.equal(lifetime);
      for (const known of [etag, `"other", ${etag}`, `W/${etag}`, "*"]) {
        const repeated = await call(path, { headers: { "if-none-match": known } });
        expect([repeated.status, repeated.headers.get("etag"), await repeated.text()]).to.deep.equal([
          304,
          etag,
          "",
        ]);
      }
      for (const other of ['"other"', etag.slice(1, -1), ""]) {
        expect((await call(path, { headers: { "if-none-match": other } })).status).to.equal(200);
      }
      const head = await call(path, { method: "HEAD" });
      expect([head.status, head.headers.get("etag")]).to.deep.equal([200, etag]);
      expect(head.headers.get("content-length")).to.equal(first.headers.get("content-length"));
    });
  }

  it("changes the ETag with the product", async () => {
    const mug = products.get("mug-steel")!;
    const etags = async () =>
      Promise.all(
        ["/products", "/products?ids=mug-steel", "/products/mug-steel"].map(async (path) =>
          (await call(path)).headers.get("etag"),
        ),
      );
    const before = await etags();
    products.put({ ...mug, stock: mug.stock - 1 });
    const between = await etags();
    products.put(mug);
    for (const [i, etag] of before.entries()) expect(between[i]).not.to.equal(etag);
    expect(await etags()).to.deep.equal(before);
  });

  const badQueries: [query: string, field: string][] = [
    ...["0", "101", "-1", "1.5", "x", "", "1e1", "%00"].map((n): [string, string] => [`limit=${n}`, "limit"]),
    ["limit=1&limit=2", "limit"],
    ["cursor=unknown", "cursor"],
    ["cursor=", "cursor"],
    ["cursor=%7B%7D", "cursor"],
    ["ids=", "ids"],
    ["ids=a,,b", "ids"],
    ["ids=a%0Ab", "ids"],
    [`ids=${"x".repeat(65)}`, "ids"],
    [`ids=${Array.from({ length: 101 }, (_, i) => i)}`, "ids"],
    ["ids=a&ids=b", "ids"],
    ["ids=a&limit=2", "limit"],
    ["ids=a&cursor=mug-steel", "cursor"],
    ["colour=red", "colour"],
    ["__proto__=1", "__proto__"],
  ];
  for (const [query, field] of badQueries) {
    it(`refuses ?${query.slice(0, 40)}, naming ${field}`, async () => {
      const expected = { status: 400, code: "INVALID_REQUEST", field };
      expect(await problem(await call(`/products?${query}`))).to.deep.equal(expected);
    });
  }

  it("refuses a path that is not percent-encoded UTF-8", async () => {
    const expected = { status: 400, code: "INVALID_REQUEST", field: "path" };
    for (const id of ["%", "%ff"])
      expect(await problem(await call(`/products/${id}`))).to.deep.equal(expected);
  });

  it("takes no other method, and says which ones it takes", async () => {
    for (const path of ["/products", "/products/mug-steel"]) {
      for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
        const response = await call(path, { method });
        expect(response.headers.get("allow")).to.equal("GET, HEAD");
        expect(await problem(response)).to.include({ status: 405, code: "METHOD_NOT_ALLOWED" });
      }
    }
  });

  it("has no admin routes unless they are added", async () => {
    for (const path of ["/admin/faults", "/admin/products/mug-steel", "/admin", "/"]) {
      const response = await call(path, { method: "PUT", headers: { authorization: "Bearer x" } });
      expect(await problem(response)).to.include({ status: 404, code: "NOT_FOUND" });
    }
  });
});
