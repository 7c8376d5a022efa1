import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { get } from "node:http";
import { gunzipSync, gzipSync } from "node:zlib";
import { expect } from "chai";
import { playCatalog } from "../../testkit/catalog-scene.ts";
import { eventually } from "../../testkit/eventually.ts";
import { ROUTES } from "../table.ts";

const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

describe("What the catalog's cache shares", () => {
  const scene = playCatalog();
  const { read, seen, calls, outcome, later } = scene;

  it("is nothing with an owner: no route has both, and nothing of who asks goes to the catalog", async () => {
    expect(ROUTES.filter(({ isCacheable, needsIdentity }) => isCacheable && needsIdentity)).to.deep.equal([]);
    await read({
      authorization: await scene.gateway.guest(),
      cookie: "session=1",
      "x-cartwright-identity": "x",
      "x-forwarded-for": "1.2.3.4",
      "x-forwarded-host": "evil.test",
      "x-forwarded-prefix": "/evil",
      "user-agent": "mine",
      range: "bytes=0-3",
      accept: "application/json",
      traceparent: TRACEPARENT,
      "x-request-id": "r-1",
    });
    const { headers } = scene.upstream.last();
    expect(headers).to.include({ traceparent: TRACEPARENT, "x-request-id": "r-1" });
    expect(headers, "for the instance of a problem").to.include({ "x-forwarded-prefix": "/api/catalog" });
    expect(headers).to.have.all.keys(
      ...[
        "host",
        "connection",
        "accept",
        "accept-language",
        "traceparent",
        "x-forwarded-prefix",
        "x-request-deadline",
        "x-request-id",
      ],
    );
    expect(scene.upstream.url).to.equal(`http://${headers.host}`);
  });

  for (const cacheControl of [
    "private, max-age=60",
    "no-store",
    "max-age=60, no-store",
    'private="x-who", max-age=0',
  ])
    it(`is not what the catalog says is ${cacheControl}`, async () => {
      scene.catalog.cacheControl = cacheControl;
      expect((await seen()).cache).to.match(/^cartwright; fwd=uri-miss; fwd-status=200(; stored; ttl=0)?$/);
      scene.catalog.version = 2;
      expect((await seen()).version).to.equal(2);
    });

  it("is not what says Set-Cookie, varies by everything, or says nothing of caches", async () => {
    for (const [path, headers, said] of [
      ["/a", { "set-cookie": "a=1" }, "max-age=60"],
      ["/b", { vary: "*" }, "max-age=60"],
      ["/c", {}, null],
    ] as const) {
      scene.catalog = { ...scene.catalog, version: 1, cacheControl: said, headers: { ...headers } };
      await seen({}, path);
      scene.catalog.version = 2;
      expect((await seen({}, path)).version, path).to.equal(2);
    }
  });

  it("is not, even with who asks at the same time, what is private", async () => {
    const held: (() => void)[] = [];
    scene.catalog.answer = (_req, res) => {
      const version = calls();
      held.push(() => res.setHeader("cache-control", "private").end(JSON.stringify({ version })));
    };
    const reads = Array.from({ length: 3 }, () => seen());
    await eventually("one is with the catalog", () => held.length === 1);
    const later = seen({}, "/other");
    await eventually("another that came after all of them is too", () => held.length === 2);
    for (const answer of held.splice(0)) answer();
    await eventually("the others ask themselves", () => held.length === 2);
    for (const answer of held) answer();
    const versions = (await Promise.all(reads)).map(({ version }) => version);
    await later;
    expect(new Set(versions).size).to.equal(3);
    expect(
      (await Promise.all(reads)).filter(({ cache }) => cache?.includes("; collapsed=?0")).length,
    ).to.equal(2);
    expect(await outcome("collapsed")).to.equal(0);
  });

  it("goes by Vary: a coding goes to those alone who take it", async () => {
    scene.catalog.answer = (req, res) => {
      const zipped = `${req.headers["accept-encoding"]}`.includes("gzip");
      res.writeHead(200, {
        vary: "Accept-Encoding",
        "cache-control": "max-age=60",
        ...(zipped && { "content-encoding": "gzip" }),
      });
      res.end(zipped ? gzipSync("zipped") : "plain");
    };
    const ask = async (coding?: string) => {
      const { port } = scene.gateway;
      const headers = coding === undefined ? {} : { "accept-encoding": coding };
      const [answer] = (await once(
        get({ port, path: "/api/catalog/products/mug", headers }),
        "response",
      )) as [IncomingMessage];
      const chunks: Buffer[] = await answer.toArray();
      const bytes = Buffer.concat(chunks);
      const text = (answer.headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes).toString();
      return [text, /hit|[a-z]+-miss/.exec(`${answer.headers["cache-status"]}`)?.[0]];
    };
    expect(await ask("gzip, deflate;q=0.5")).to.deep.equal(["zipped", "uri-miss"]);
    expect(await ask()).to.deep.equal(["plain", "vary-miss"]);
    expect(await ask("GZIP")).to.deep.equal(["zipped", "hit"]);
    expect(await ask("gzip;q=0, identity")).to.deep.equal(["plain", "hit"]);
    expect(calls()).to.equal(2);
  });

  it("is of one URL eight variants, whatever clients make of a header that the catalog goes by", async () => {
    scene.catalog.headers = { vary: "Accept-Language" };
    const languages = ["en", "de", "fr", "es", "it", "nl", "pl", "da", "fi"];
    const ask = async (language: string) => (await seen({ "accept-language": language })).cache;
    for (const language of languages) expect(await ask(language)).to.match(/; fwd=(uri|vary)-miss;/);
    expect(await ask("fi")).to.include("; hit;");
    expect(await ask("en")).to.include("; fwd=vary-miss;");
  });

  it("is of one URL as many variants as fit, the newest ones", async () => {
    await scene.gatewayWith({ cache: { limits: { entryBytes: 4_000 } } });
    scene.catalog.headers = { vary: "Accept-Language", "x-long": "x".repeat(800) };
    const ask = async (language: string) => (await seen({ "accept-language": language })).cache;
    for (const language of ["en", "de", "fr"]) await ask(language);
    for (const language of ["de", "fr"]) expect(await ask(language), language).to.include("; hit;");
    expect(await ask("en")).to.include("; fwd=vary-miss;");
  });

  it("is bounded: the least recently read goes first, and what is too large is not kept", async () => {
    await scene.gatewayWith({ cache: { limits: { entries: 2, entryBytes: 2_000 } } });
    for (const path of ["/a", "/b", "/a", "/c"]) await seen({}, path);
    expect(await scene.gateway.metric("gateway_cache_entries")).to.equal(2);
    expect((await seen({}, "/a")).cache).to.include("; hit;");
    expect((await seen({}, "/b")).cache).to.include("; fwd=uri-miss;");
    scene.catalog.headers = { "x-long": "x".repeat(2_000) };
    expect((await seen({}, "/d")).cache).to.equal("cartwright; fwd=uri-miss; fwd-status=200");
    await scene.gatewayWith({ cache: { limits: { totalBytes: 3_000 } } });
    scene.catalog.headers = { "x-long": "x".repeat(800) };
    for (const path of ["/a", "/b", "/c"]) await seen({}, path);
    expect(await scene.gateway.metric("gateway_cache_bytes")).to.be.within(1_000, 3_000);
  });

  it("can be nothing: every read is the catalog's", async () => {
    await scene.gatewayWith({ cache: null });
    for (const _ of [1, 2]) expect((await seen()).cache).to.equal(null);
    expect(calls()).to.equal(2);
  });

  describe("with a client that has a Cache-Control of its own", () => {
    it("only-if-cached: what is there, or 504", async () => {
      const absent = await read({ "cache-control": "only-if-cached" });
      expect([absent.status, ((await absent.json()) as { code: string }).code]).to.deep.equal([
        504,
        "NOT_CACHED",
      ]);
      const count = 'http_request_duration_seconds_count{route="not-cached",method="GET",status="504"}';
      await eventually("it counts as no failure", async () => (await scene.gateway.metric(count)) === 1);
      await seen();
      expect((await seen({ "cache-control": "only-if-cached" })).cache).to.equal("cartwright; hit; ttl=60");
      later(61);
      expect((await read({ "cache-control": "only-if-cached" })).status).to.equal(504);
      expect(calls()).to.equal(1);
    });

    for (const directive of ["no-cache", "max-age=0", "min-fresh=600"])
      it(`${directive}: the catalog confirms it, once a second at most`, async () => {
        await seen();
        const ask = () => seen({ "cache-control": directive });
        for (const _ of [1, 2, 3]) expect((await ask()).cache).to.equal("cartwright; hit; ttl=60");
        later(2);
        expect((await ask()).cache).to.equal("cartwright; fwd=request; fwd-status=304; stored; ttl=60");
        for (const _ of [1, 2, 3]) await ask();
        expect(calls()).to.equal(2);
        expect(scene.upstream.last().headers).not.to.have.property("cache-control");
      });

    it("no-store: what is there, else an answer that is not kept", async () => {
      for (const _ of [1, 2])
        expect((await seen({ "cache-control": "no-store" })).cache).to.equal(
          "cartwright; fwd=request; fwd-status=200",
        );
      await seen();
      expect((await seen({ "cache-control": "no-store" })).cache).to.include("; hit;");
      expect([calls(), await outcome("bypass")]).to.deep.equal([3, 2]);
    });

    it("max-stale: what has been stale for so long at most", async () => {
      scene.catalog.cacheControl = "max-age=5, stale-if-error=60";
      await seen();
      later(8);
      expect((await seen({ "cache-control": "max-stale=5" })).cache).to.equal("cartwright; hit; ttl=-3");
      expect((await seen({ "cache-control": "max-stale=2" })).cache).to.include("; fwd=stale;");
    });
  });
});
