import type { RequestListener } from "node:http";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { json, startCatalogOf } from "../../testkit/catalog-of.ts";
import { eventually } from "../../testkit/eventually.ts";
import { aProduct } from "./catalog.contract.ts";

describe("The HTTP catalog and one client's odd ids", () => {
  let bench: Awaited<ReturnType<typeof startCatalogOf>>;
  let asked: string[];
  afterEach(() => bench.close());

  /**
   * Answers for the mug, and by `odd` for everything else.
   * Nothing stays fresh, so that every look-up is asked.
   */
  const start = async (odd: RequestListener, options: Parameters<typeof startCatalogOf>[1] = {}) => {
    asked = [];
    bench = await startCatalogOf(
      (req, res) => {
        const id = String(req.url).split("/").at(-1)!;
        asked.push(id);
        if (id === "mug") json(res, aProduct());
        else odd(req, res);
      },
      { cacheTtlMs: 0, timeoutMs: 500, ...options },
    );
    expect(await bench.codeOf("mug")).to.equal("OK");
  };

  const odd: [string, RequestListener, string][] = [
    ["answered with 400", (_req, res) => res.writeHead(400).end(), "CATALOG_UNAVAILABLE"],
    ["answered with 403", (_req, res) => res.writeHead(403).end(), "CATALOG_UNAVAILABLE"],
    ["answered with 410", (_req, res) => res.writeHead(410).end(), "PRODUCT_NOT_FOUND"],
    ["answered with another product", (_req, res) => json(res, aProduct()), "CATALOG_UNAVAILABLE"],
    ["answered with 500", (_req, res) => res.writeHead(500).end(), "CATALOG_UNAVAILABLE"],
    ["never answered", () => {}, "CATALOG_UNAVAILABLE"],
  ];
  for (const [what, answer, code] of odd) {
    it(`that are ${what} fail for who asks, and for nobody else`, async () => {
      await start(answer);
      for (let round = 0; round < 3; round++) {
        const codes = Array.from({ length: 8 }, (_, i) =>
          bench.codeOf(`odd-${round}-${i}`, `guest:${i % 2}`),
        );
        expect(await bench.codeOf("mug", "guest:b")).to.equal("OK");
        expect(new Set(await Promise.all(codes))).to.deep.equal(new Set([code]));
        expect(await bench.codeOf("mug", "guest:b")).to.equal("OK");
      }
    });
  }

  it("that are never answered leave connections for the products that are sold, whoever and how many ask", async () => {
    await start(() => {}, { timeoutMs: 500 });
    const codes = Array.from({ length: 100 }, (_, i) => bench.codeOf(`odd-${i}`, `guest:${i}`));
    await eventually("they hold what they may", () => asked.length >= 17);
    expect(await bench.codeOf("mug", "guest:b")).to.equal("OK");
    expect(asked.filter((id) => id !== "mug").length, "half of the connections").to.equal(16);
    await Promise.all(codes);
  });

  it("have no more than four look-ups at a time of one owner; the others have their own", async () => {
    const held: (() => void)[] = [];
    await start((_req, res) => void held.push(() => res.writeHead(404).end()), { timeoutMs: 5_000 });
    const codes = Array.from({ length: 9 }, (_, i) => bench.codeOf(`odd-${i}`, "guest:mallory"));
    const other = bench.codeOf("odd-of-another", "guest:b");
    await eventually("the other's is asked", () => asked.includes("odd-of-another"));
    expect(held.length).to.equal(5);
    const release = setInterval(() => held.shift()?.(), 5);
    expect(new Set([await other, ...(await Promise.all(codes))])).to.deep.equal(
      new Set(["PRODUCT_NOT_FOUND"]),
    );
    clearInterval(release);
  });

  it("beyond what may wait are refused as too many of this owner's, at once", async () => {
    const held: (() => void)[] = [];
    await start((_req, res) => void held.push(() => res.writeHead(404).end()), { timeoutMs: 5_000 });
    const codes = Array.from({ length: 300 }, (_, i) => bench.codeOf(`odd-${i}`, "guest:mallory"));
    expect(await codes.at(-1)).to.equal("RATE_LIMITED");
    const release = setInterval(() => held.shift()?.(), 1);
    const refused = (await Promise.all(codes)).filter((code) => code === "RATE_LIMITED");
    expect(refused.length).to.equal(300 - 4 - 256);
    clearInterval(release);
  });

  it("that are not sold are not asked for again at once", async () => {
    await start((_req, res) => res.writeHead(404).end(), { cacheTtlMs: 60_000 });
    for (let i = 0; i < 10; i++) expect(await bench.codeOf("none")).to.equal("PRODUCT_NOT_FOUND");
    expect(asked.filter((id) => id === "none").length).to.equal(1);
    bench.answer = (_req, res) => json(res, aProduct({ id: "none" }));
    await eventually("it is sold now", async () => (await bench.codeOf("none")) === "OK");
  });

  it("do not hide a catalog that is down: the breaker opens, and closes again", async () => {
    await start((_req, res) => res.writeHead(404).end());
    const { answer } = bench;
    bench.answer = (req, res) => {
      asked.push(String(req.url));
      res.writeHead(500).end();
    };
    await eventually("it is left alone", async () => {
      const before = asked.length;
      await bench.codeOf("mug");
      return asked.length === before;
    });
    bench.answer = answer;
    await eventually("it is back", async () => (await bench.codeOf("mug")) === "OK");
  });

  it("are logged a few times only", async () => {
    await start((_req, res) => res.writeHead(400).end());
    for (let i = 0; i < 50; i++) await bench.codeOf(`odd-${i}`, `guest:${i}`);
    expect(bench.lines.length).to.be.within(1, 10);
  });

  it("whose answer grows beyond 1 MiB when it is decoded are not taken", async () => {
    const bomb = gzipSync(JSON.stringify({ ...aProduct({ id: "bomb" }), padding: "x".repeat(50_000_000) }));
    expect(bomb.length).to.be.below(100_000);
    await start((_req, res) => res.writeHead(200, { "content-encoding": "gzip" }).end(bomb), {
      timeoutMs: 5_000,
    });
    expect(await bench.codeOf("bomb")).to.equal("CATALOG_UNAVAILABLE");
  });
});
