import { expect } from "chai";
import { playCatalog } from "../../testkit/catalog-scene.ts";
import { eventually } from "../../testkit/eventually.ts";
import { freePort } from "../../testkit/servers/free-port.ts";

describe("Reads of a catalog that fails", () => {
  const scene = playCatalog();
  const { read, seen, calls, outcome, later } = scene;

  const STALE = "max-age=5, stale-if-error=60";
  const failures = {
    "answers 503": (_req, res) => void res.writeHead(503).end(),
    "hangs up": (req) => void req.socket.destroy(),
    hangs: () => {},
    "stops half way": (_req, res) => void res.writeHead(200, { "content-length": 20 }).write("half"),
    "dies half way": (req, res) => {
      res.writeHead(200, { "content-length": 20 }).write("half", () => req.socket.destroy());
    },
  } satisfies Record<string, NonNullable<typeof scene.catalog.answer>>;

  for (const [how, answer] of Object.entries(failures)) {
    it(`are answered by what it allowed to be given stale when it ${how}, soon`, async () => {
      await scene.gatewayWith({ timeoutMs: 60_000, cache: { staleWaitMs: 100 } });
      scene.catalog.cacheControl = STALE;
      await seen();
      later(20);
      scene.catalog.answer = answer;
      const { version, cache, age } = await seen();
      expect(cache).to.match(/^cartwright; fwd=stale; (fwd-status=\d{3}; )?ttl=-15; detail=stale-if-error$/);
      expect([version, age, await outcome("stale")]).to.deep.equal([1, "20", 1]);
    });
  }

  it("are not answered by what it wants confirmed first, or allowed for a shorter time", async () => {
    await scene.gatewayWith({ timeoutMs: 200, cache: { staleWaitMs: 20 } });
    for (const cacheControl of [
      `${STALE}, must-revalidate`,
      `${STALE}, s-maxage=5`,
      "max-age=5",
      "max-age=5, stale-if-error=3",
    ]) {
      scene.catalog.answer = null;
      scene.catalog.cacheControl = cacheControl;
      await seen({}, `/${cacheControl.length}`);
      later(9);
      scene.catalog.answer = failures.hangs;
      const answer = await read({}, `/${cacheControl.length}`);
      expect([answer.status, answer.headers.get("cache-status")], cacheControl).to.deep.equal([504, null]);
    }
  });

  for (const [how, answer] of Object.entries(failures))
    it(`are not answered unconfirmed by what may not be, fresh or stale, when it ${how}`, async () => {
      await scene.gatewayWith({ timeoutMs: 500, cache: { staleWaitMs: 20 } });
      scene.catalog.cacheControl = `no-cache, ${STALE}, stale-while-revalidate=60`;
      for (const seconds of [0, 9]) {
        scene.catalog.answer = null;
        await seen();
        later(seconds);
        scene.catalog.answer = answer;
        const { status } = await read({ "cache-control": "stale-if-error=60" });
        expect(status).to.be.within(502, 504);
      }
    });

  it("that ask for another answer are told that a fresh one is not stale", async () => {
    scene.catalog.cacheControl = STALE;
    await seen();
    later(2);
    scene.catalog.answer = failures["hangs up"];
    const { cache } = await seen({ "cache-control": "no-cache" });
    expect(cache).to.match(/^cartwright; fwd=request; ttl=3; detail=upstream-failed$/);
  });

  it("are answered stale while its answer is slow, and by that answer once it came", async () => {
    await scene.gatewayWith({ cache: { staleWaitMs: 50 } });
    scene.catalog.cacheControl = STALE;
    await seen();
    later(6);
    let answer = () => {};
    scene.catalog.answer = (_req, res) => {
      answer = () => res.setHeader("cache-control", STALE).end('{"version":2}');
    };
    expect((await seen()).version).to.equal(1);
    expect((await seen()).version, "by the same call").to.equal(1);
    expect(calls()).to.equal(2);
    answer();
    await eventually("the new answer is kept", async () => (await seen()).version === 2);
    expect(calls()).to.equal(2);
  });

  it("are answered by its slow answer when what is kept has become too old meanwhile", async () => {
    await scene.gatewayWith({ cache: { staleWaitMs: 50 } });
    scene.catalog.cacheControl = STALE;
    await seen();
    later(64);
    let answer = () => {};
    scene.catalog.answer = (_req, res) => {
      answer = () => res.setHeader("cache-control", STALE).end('{"version":2}');
      later(2);
    };
    const slow = seen();
    await eventually("it was asked", () => calls() === 2);
    // Longer than the cache waits before it gives what is stale.
    await new Promise((resolve) => setTimeout(resolve, 100));
    answer();
    expect((await slow).version).to.equal(2);
  });

  it("with nothing at hand are 502 or 504, each failure logged once", async () => {
    await scene.gatewayWith({ timeoutMs: 200 });
    for (const [how, status] of [
      ["hangs up", 502],
      ["dies half way", 502],
      ["hangs", 504],
      ["stops half way", 504],
    ] as const) {
      scene.catalog.answer = failures[how];
      scene.gateway.lines.length = 0;
      const answers = await Promise.all([read({}, `/${status}`), read({}, `/${status}`)]);
      const [problem] = await Promise.all(answers.map((answer) => answer.json()));
      expect(
        answers.map((answer) => answer.status),
        how,
      ).to.deep.equal([status, status]);
      expect(problem).to.include({ code: status === 502 ? "UPSTREAM_UNAVAILABLE" : "UPSTREAM_TIMEOUT" });
      expect(problem).to.include({ instance: `/api/catalog/products/${status}` });
      const warnings = scene.gateway.lines.filter(({ level }) => level === "warn");
      expect(
        warnings.map(({ msg, upstream, timedOut }) => [msg, upstream, timedOut]),
        how,
      ).to.deep.equal([["upstream failed", "catalog", status === 504]]);
    }
    expect(await outcome("miss")).to.equal(8);
  });

  it("that nobody runs are 502; a connection that it closed in that moment is made anew", async () => {
    await seen();
    let first = true;
    scene.catalog.answer = (req, res) => {
      if (!first) return res.end('{"version":3}');
      first = false;
      return req.socket.resetAndDestroy();
    };
    expect((await seen({}, "/other")).version).to.equal(3);
    await scene.gatewayWith({ catalogUrl: `http://127.0.0.1:${await freePort()}` });
    const answer = await read();
    expect([answer.status, answer.headers.get("retry-after")]).to.deep.equal([502, "1"]);
  });

  it("are passed on as they are otherwise: redirects, odd answers and large ones", async () => {
    scene.catalog.answer = (_req, res) =>
      res
        .writeHead(302, {
          location: "https://elsewhere.test/",
          "keep-alive": "timeout=9",
          "x-powered-by": "x",
        })
        .end();
    const redirect = await read();
    expect([redirect.status, redirect.headers.get("location")]).to.deep.equal([
      302,
      "https://elsewhere.test/",
    ]);
    expect(redirect.headers.get("x-powered-by")).to.equal(null);
    scene.catalog.answer = (_req, res) => res.writeHead(204).end();
    expect((await read({}, "/empty")).status).to.equal(204);
    scene.catalog.answer = (_req, res) =>
      res.setHeader("cache-control", "max-age=60").end("x".repeat(150_000));
    for (const _ of [1, 2]) {
      const large = await read({}, "/large");
      expect((await large.text()).length).to.equal(150_000);
      expect(large.headers.get("cache-status")).to.equal("cartwright; fwd=uri-miss; fwd-status=200");
    }
    scene.catalog.answer = (_req, res) => res.end(Buffer.alloc(8 * 1024 * 1024 + 1));
    expect((await read({}, "/endless")).status).to.equal(502);
  });
});
