import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { expect } from "chai";
import { startCatalogOf } from "../../testkit/catalog-of.ts";
import { aProduct } from "./catalog.contract.ts";

describe("The HTTP catalog's codings", () => {
  let bench: Awaited<ReturnType<typeof startCatalogOf>>;
  afterEach(() => bench.close());

  const text = JSON.stringify(aProduct());
  const codings: [string, Buffer | string][] = [
    ["gzip", gzipSync(text)],
    ["x-gzip", gzipSync(text)],
    ["br", brotliCompressSync(text)],
    ["deflate", deflateSync(text)],
    ["identity", text],
    ["gzip, br", brotliCompressSync(gzipSync(text))],
  ];
  for (const [coding, body] of codings) {
    it(`include ${coding}`, async () => {
      let accepted: unknown;
      bench = await startCatalogOf((req, res) => {
        accepted = req.headers["accept-encoding"];
        res.writeHead(200, { "content-encoding": coding }).end(body);
      });
      expect(await bench.codeOf("mug")).to.equal("OK");
      expect(accepted).to.equal("gzip, br, deflate");
    });
  }

  const faults: [string, string, Buffer | string, RegExp][] = [
    ["that nobody knows", "compress", text, /unknown coding: compress/],
    ["that is not what it says", "gzip", text, /incorrect header check/],
    ["that is cut short", "gzip", gzipSync(text).subarray(0, -8), /unexpected end/],
  ];
  for (const [what, coding, body, reason] of faults) {
    it(`${what} is said as such`, async () => {
      bench = await startCatalogOf((_req, res) =>
        res.writeHead(200, { "content-encoding": coding }).end(body),
      );
      expect(await bench.codeOf("mug")).to.equal("CATALOG_UNAVAILABLE");
      expect(JSON.stringify(bench.lines[0])).to.match(reason);
    });
  }

  it("aside, a redirect is refused, and the log says where it leads", async () => {
    bench = await startCatalogOf((_req, res) =>
      res.writeHead(301, { location: "https://shop.test/v2" }).end(),
    );
    expect(await bench.codeOf("mug")).to.equal("CATALOG_UNAVAILABLE");
    expect(JSON.stringify(bench.lines)).to.include("redirects (301) to https://shop.test/v2");
  });
});
