import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { expect } from "chai";
import { playCatalog } from "../../testkit/catalog-scene.ts";
import { eventually } from "../../testkit/eventually.ts";

describe("Reads of the catalog through the gateway", () => {
  const scene = playCatalog();
  const { read, seen, calls, outcome, later } = scene;

  it("are answered from what is kept while it is fresh, and say so", async () => {
    expect((await seen()).cache).to.equal("cartwright; fwd=uri-miss; fwd-status=200; stored; ttl=60");
    later(20);
    expect(await seen()).to.deep.equal({ version: 1, cache: "cartwright; hit; ttl=40", age: "20" });
    expect([calls(), await outcome("miss"), await outcome("hit")]).to.deep.equal([1, 1, 1]);
    const bytes = await scene.gateway.metric("gateway_cache_bytes");
    expect([await scene.gateway.metric("gateway_cache_entries"), bytes > 13]).to.deep.equal([1, true]);
  });

  it("of one URL share an entry, HEAD with GET; another query is another URL", async () => {
    await seen();
    const head = await read({}, "/mug", "HEAD");
    expect([head.status, head.headers.get("content-length"), await head.text()]).to.deep.equal([
      200,
      "13",
      "",
    ]);
    expect(head.headers.get("cache-status")).to.include("; hit;");
    await seen({}, "/mug?colour=red");
    expect(calls()).to.equal(2);
  });

  it("that the client has already are 304, from the cache as well", async () => {
    for (const known of ['"v1"', 'W/"v1"', '"other", "v1"', "*"]) {
      const answer = await read({ "if-none-match": known });
      expect([answer.status, answer.headers.get("etag"), await answer.text()]).to.deep.equal([
        304,
        '"v1"',
        "",
      ]);
      expect(answer.headers.get("content-type")).to.equal(null);
      expect(answer.headers.get("cache-control")).to.equal("max-age=60");
    }
    for (const other of ['"v2"', "v1"]) expect((await read({ "if-none-match": other })).status).to.equal(200);
    expect(calls()).to.equal(1);
    expect(scene.upstream.last().headers).not.to.have.property("if-none-match");
  });

  it("that are stale are confirmed by the catalog's ETag, and are fresh again", async () => {
    await seen();
    later(61);
    const { version, cache } = await seen();
    expect(cache).to.equal("cartwright; fwd=stale; fwd-status=304; stored; ttl=60");
    expect([version, calls(), await outcome("revalidated")]).to.deep.equal([1, 2, 1]);
    expect(scene.upstream.last().headers["if-none-match"]).to.equal('"v1"');
    later(59);
    expect((await seen()).cache).to.equal("cartwright; hit; ttl=1");
    later(2);
    scene.catalog.version = 2;
    const renewed = await seen();
    expect(renewed.cache).to.equal("cartwright; fwd=stale; fwd-status=200; stored; ttl=60");
    expect(renewed.version).to.equal(2);
  });

  it("are not kept by a guess: Last-Modified alone says nothing of how long a price holds", async () => {
    scene.catalog.cacheControl = null;
    scene.catalog.headers = { "last-modified": "Thu, 01 Jan 2026 00:00:00 GMT" };
    await seen();
    expect((await seen()).cache).to.equal("cartwright; fwd=uri-miss; fwd-status=200");
    expect(calls()).to.equal(2);
  });

  it("are asked for anew when the clock has gone back, as nobody knows how old they are", async () => {
    await seen();
    later(-3_600);
    expect((await seen()).cache).to.include("stored; ttl=60");
    expect(calls()).to.equal(2);
    later(59);
    expect((await seen()).cache).to.equal("cartwright; hit; ttl=1");
  });

  it("whose 304 is about another version are fetched whole", async () => {
    scene.catalog.cacheControl = "no-cache";
    await seen();
    scene.catalog.answer = (req, res) => {
      res.setHeader("etag", '"v2"');
      if (req.headers["if-none-match"] !== undefined) res.writeHead(304).end();
      else res.end('{"version":2}');
    };
    expect((await seen()).version).to.equal(2);
    expect(calls()).to.equal(3);
  });

  it("may be given stale while a new answer is fetched, by one call for a hundred readers", async () => {
    scene.catalog.cacheControl = "max-age=5, stale-while-revalidate=60";
    await seen();
    later(8);
    let answer = () => {};
    scene.catalog.answer = (_req, res) => {
      answer = () => res.setHeader("cache-control", "max-age=5").end('{"version":2}');
    };
    const reads = Array.from({ length: 100 }, (_, i) => seen(tellingApart(i)));
    for (const { version, cache } of await Promise.all(reads))
      expect([version, cache]).to.deep.equal([1, "cartwright; hit; ttl=-3"]);
    expect([calls(), await outcome("stale")]).to.deep.equal([2, 100]);
    answer();
    await eventually("the new answer is kept", async () => (await seen()).version === 2);
    expect(calls()).to.equal(2);
  });

  for (const kept of ["nothing", "a stale answer"]) {
    it(`of a hundred clients are one call, with ${kept} at hand`, async () => {
      if (kept !== "nothing") await seen();
      later(61);
      const before = calls();
      const held: (() => void)[] = [];
      scene.catalog.answer = (_req, res) =>
        void held.push(() => res.setHeader("cache-control", "max-age=60").end('{"version":2}'));
      const arrived = countRequests();
      const reads = Array.from({ length: 100 }, (_, i) => seen(tellingApart(i)));
      await eventually("all are there", () => arrived.count() >= 101);
      arrived.stop();
      const other = seen({}, "/other");
      await eventually("one that came after them is with the catalog", () => held.length === 2);
      for (const answer of held) answer();
      const statuses = (await Promise.all(reads)).map(({ cache }) => cache);
      await other;
      expect(calls() - before).to.equal(2);
      expect(statuses.filter((status) => status?.includes("; collapsed")).length).to.equal(99);
      expect(await outcome("collapsed")).to.equal(99);
    });
  }
});

/** What a client's request has that another's has not, and the answer does not go by. */
const tellingApart = (i: number) => ({
  traceparent: `00-${String(i + 1).padStart(32, "0")}-00f067aa0ba902b7-01`,
  tracestate: `a=${i}`,
  "x-request-id": `r-${i}`,
  "user-agent": `browser ${i}`,
  authorization: `Bearer ${i}`,
  cookie: `id=${i}`,
});

/** Counts what servers of this process are asked. */
function countRequests() {
  let count = 0;
  const note = () => void count++;
  subscribe("http.server.request.start", note);
  return { count: () => count, stop: () => void unsubscribe("http.server.request.start", note) };
}
