import type { RequestListener } from "node:http";
import { expect } from "chai";
import { json, startCatalogOf } from "../../testkit/catalog-of.ts";
import { aProduct } from "./catalog.contract.ts";

describe("The HTTP catalog on nonsense", () => {
  let bench: Awaited<ReturnType<typeof startCatalogOf>>;
  afterEach(() => bench.close());

  const nonsense: Record<string, RequestListener> = {
    HTML: (_req, res) => res.writeHead(200, { "content-type": "text/html" }).end("<h1>It works!</h1>"),
    "half an answer": (_req, res) => res.end('{"id":"mug","na'),
    "an empty answer": (_req, res) => res.end(),
    "204": (_req, res) => res.writeHead(204).end(),
    null: (_req, res) => json(res, null),
    "a list": (_req, res) => json(res, [aProduct()]),
    "an object of another kind": (_req, res) => json(res, { status: "ok" }),
    "the same product twice": (_req, res) => json(res, { items: [aProduct(), aProduct()] }),
    "more than 1 MiB": (req, res) => {
      const padding = "x".repeat(1024 * 1024);
      json(res, { ...(req.url?.includes("?ids=") ? { items: [aProduct()] } : aProduct()), padding });
    },
    "a redirect": (req, res) => {
      if (req.url?.includes("elsewhere")) json(res, { ...aProduct(), items: [aProduct()] });
      else res.writeHead(302, { location: "/base/elsewhere" }).end();
    },
    "a connection that breaks off": (_req, res) => {
      res.writeHead(200, { "content-length": 1_000 });
      res.write('{"id":"mug",');
      setImmediate(() => res.destroy());
    },
    "a body that never ends": (_req, res) => {
      const timer = setInterval(() => res.write(" "), 50);
      res.once("close", () => clearInterval(timer));
    },
  };
  for (const [what, answer] of Object.entries(nonsense)) {
    it(`takes ${what} for an unavailable catalog, and logs that once`, async () => {
      bench = await startCatalogOf(answer);
      expect(await bench.codeOf("mug")).to.equal("CATALOG_UNAVAILABLE");
      expect(await bench.catalog.listings(["mug"])).to.deep.equal(new Map());
      expect(bench.lines.map(({ msg }) => msg)).to.deep.equal(["the catalog does not answer sensibly"]);
      expect(JSON.stringify(bench.lines[0]).length, "a short line").to.be.below(4_000);
    });
  }

  for (const [hangups, code] of [
    [1, "OK"],
    [2, "CATALOG_UNAVAILABLE"],
  ] as const) {
    it(`is asked twice when it hangs up ${hangups} of 2 times instead of answering: ${code}`, async () => {
      let asked = 0;
      bench = await startCatalogOf((req, res) => {
        if (asked++ < hangups) req.socket.destroy();
        else json(res, aProduct());
      });
      expect(await bench.codeOf("mug")).to.equal(code);
      expect(asked).to.equal(2);
    });
  }

  it("takes a stock below zero for none", async () => {
    bench = await startCatalogOf((_req, res) => json(res, { ...aProduct(), stock: -3 }));
    const product = await bench.catalog.product("mug", "user:a");
    expect(product.ok && product.value.stock).to.equal(0);
  });

  const price = (amount: unknown, currency: unknown = "EUR") => ({
    ...aProduct(),
    price: { amount, currency },
  });
  const unusable: Record<string, unknown> = {
    "another currency": price(1, "USD"),
    "a negative price": price(-1),
    "half a cent": price(0.5),
    "an absurd price": price(1_000_000_001),
    "a price in text": price("1290"),
    "no price": { ...aProduct(), price: undefined },
    "no name": { ...aProduct(), name: "" },
    "a name without end": { ...aProduct(), name: "x".repeat(10_000) },
    "half a piece in stock": { ...aProduct(), stock: 0.5 },
    "no stock": { ...aProduct(), stock: null },
  };
  for (const [what, product] of Object.entries(unusable)) {
    it(`refuses a product with ${what}, logs that once, and goes on with the others`, async () => {
      bench = await startCatalogOf((req, res) => {
        const pot = aProduct({ id: "pot" });
        if (req.url === "/base/products/mug") json(res, product);
        else if (req.url === "/base/products/pot") json(res, pot);
        else json(res, { items: [product, pot] });
      });
      for (let i = 0; i < 20; i++) expect(await bench.codeOf("mug")).to.equal("CATALOG_UNAVAILABLE");
      expect([...(await bench.catalog.listings(["mug", "pot"])).keys()]).to.deep.equal(["pot"]);
      expect(await bench.codeOf("pot")).to.equal("OK");
      expect(bench.lines.map(({ msg }) => msg)).to.deep.equal(["the catalog describes a product wrongly"]);
    });
  }

  it("never puts an id into a path that could lead elsewhere", async () => {
    const paths: unknown[] = [];
    bench = await startCatalogOf((req, res) => {
      paths.push(req.url);
      json(res, { items: [] });
    });
    for (const id of [".", ".."]) expect(await bench.codeOf(id)).to.equal("PRODUCT_NOT_FOUND");
    await bench.codeOf("a/../b?c");
    expect(paths).to.deep.equal([
      "/base/products?ids=.",
      "/base/products?ids=..",
      "/base/products/a%2F..%2Fb%3Fc",
    ]);
  });

  it("takes 404 to a list for an unavailable catalog: what is known stays shown", async () => {
    bench = await startCatalogOf((_req, res) =>
      json(res, { items: [aProduct()], nextCursor: null, more: 1 }),
    );
    const seen = await bench.catalog.listings(["mug"]);
    expect(seen.size).to.equal(1);
    bench.answer = (_req, res) => res.writeHead(404).end();
    expect(await bench.catalog.listings(["mug", "pot"])).to.deep.equal(seen);
    expect(bench.lines.length).to.equal(1);
    expect(await bench.codeOf("pot")).to.equal("PRODUCT_NOT_FOUND");
  });
});
