import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import { type GatewayUnderTest, startGateway } from "../../testkit/gateway.ts";
import { type RecordingUpstream, startUpstream } from "../../testkit/recording-upstream.ts";
import { type Answer, request } from "../../testkit/shopper.ts";
import type { Quotas } from "./rate-limit.ts";
import { createMemoryCounter } from "./rate-limit-memory.ts";

describe("The gateway's rate limit", () => {
  let cart: RecordingUpstream;
  let gateway: GatewayUnderTest;
  before(async () => {
    cart = await startUpstream();
  });
  afterEach(() => gateway.close());
  after(() => cart.close());

  const minute = (points: number) => ({ points, seconds: 60 });
  const start = async (quotas: Quotas) => {
    gateway = await startGateway({ cartUrl: cart.url, quotas });
  };
  const ask = async (authorization: string) =>
    request(gateway.url, "GET", "/api/cart", { headers: { authorization } });

  it("lets each owner have so many requests, and no more: 429 with Retry-After", async () => {
    await start({ owner: minute(3) });
    const [one, other] = [await gateway.guest(), await gateway.guest()];
    for (let i = 0; i < 3; i++) expect((await ask(one)).status).to.equal(200);
    for (let i = 0; i < 2; i++) {
      const { status, headers, body } = await ask(one);
      expect([status, body.code]).to.deep.equal([429, "RATE_LIMITED"]);
      expect(Number(headers.get("retry-after"))).to.be.within(1, 60);
      expect(body.detail).to.equal('The policy "owner" allows 3 requests in 60 s.');
      expect(body["violated-policies"]).to.deep.equal(["owner"]);
    }
    expect((await ask(other)).status).to.equal(200);
    expect(await gateway.metric('gateway_rate_limited_total{policy="owner"}')).to.equal(2);
  });

  it("counts owners, addresses without one, and new sessions apart", async () => {
    await start({ owner: minute(1), address: minute(2), session: minute(3) });
    const guest = await gateway.guest();
    const open = async () => (await request(gateway.url, "POST", "/api/session")).status;
    expect([await open(), await open(), await open(), await open()]).to.deep.equal([201, 201, 201, 429]);
    const browse = async () => (await request(gateway.url, "GET", "/api/catalog/products")).status;
    expect([await browse(), await browse(), await browse()]).to.deep.equal([200, 200, 429]);
    expect([(await ask(guest)).status, (await ask(guest)).status]).to.deep.equal([200, 429]);
  });

  it("says on every answer what the policy is, what is left of it and until when", async () => {
    await start({ owner: minute(2) });
    const guest = await gateway.guest();
    const left: (string | undefined)[] = [];
    const waits: { reset: number; retryAfter: number }[] = [];
    for (let i = 0; i < 3; i++) {
      const { headers } = await ask(guest);
      expect(headers.get("ratelimit-policy")).to.equal('"owner";q=2;w=60');
      const [, remaining, reset] = /^"owner";r=(\d+);t=(\d+)$/.exec(headers.get("ratelimit") ?? "") ?? [];
      left.push(remaining);
      expect(Number(reset)).to.be.within(1, 60);
      waits.push({ reset: Number(reset), retryAfter: Number(headers.get("retry-after")) });
    }
    expect(left).to.deep.equal(["1", "0", "0"]);
    expect(waits[2]!.retryAfter).to.be.at.least(waits[2]!.reset);
  });

  it("does not count what is refused for its token as the owner's", async () => {
    await start({ owner: minute(1) });
    const guest = await gateway.guest();
    expect((await ask(`${guest}x`)).status).to.equal(401);
    expect((await ask(guest)).status).to.equal(200);
  });

  const refused: [string, number, (gateway: GatewayUnderTest) => Promise<Answer>][] = [
    ["without a token", 401, ({ url }) => request(url, "GET", "/api/cart")],
    ["with a token that is not valid", 401, () => ask("Bearer x.y.z")],
    ["of a path that is not there", 404, ({ url }) => request(url, "GET", "/api/nowhere")],
    ["of a method that is not there", 405, ({ url }) => request(url, "POST", "/api/catalog/products")],
    ["of an ambiguous path", 400, ({ url }) => request(url, "GET", "/api//cart")],
  ];
  for (const [what, status, call] of refused)
    it(`counts a request ${what} as its address's, and refuses it when that has none left`, async () => {
      await start({ address: minute(2), owner: minute(1) });
      const answers: Answer[] = [];
      for (let i = 0; i < 4; i++) answers.push(await call(gateway));
      expect(answers.map((answer) => answer.status)).to.deep.equal([status, status, 429, 429]);
      expect(answers[0]!.headers.get("ratelimit")).to.match(/^"address";r=1;/);
      expect(answers[2]!.body["violated-policies"]).to.deep.equal(["address"]);
      expect((await request(gateway.url, "GET", "/api/catalog/products")).status).to.equal(429);
      expect((await ask(await gateway.guest())).status, "who has a token").to.equal(200);
    });

  it("without quotas is none, and says nothing", async () => {
    await start({});
    const guest = await gateway.guest();
    const answers = await Promise.all(Array.from({ length: 200 }, () => ask(guest)));
    expect(new Set(answers.map(({ status }) => status))).to.deep.equal(new Set([200]));
    expect(answers[0]!.headers.get("ratelimit")).to.equal(null);
  });
});

describe("A rate limit in one process", () => {
  it("forgets who asked longest ago when it counts as many as it may", async () => {
    const counter = createMemoryCounter({ owner: { points: 9, seconds: 60 } }, 2);
    const count = async (who: string) => (await counter.count("owner", who)).count;
    const counts: number[] = [];
    for (const who of ["a", "b", "a", "c", "a", "b"]) counts.push(await count(who));
    expect(counts).to.deep.equal([1, 1, 2, 1, 3, 1]);
  });

  it("never says that more than the whole window is left", async () => {
    const seconds = [1, 7, 60, 3_600, 86_400];
    const left = seconds.map(async (each) => {
      const counter = createMemoryCounter({ owner: { points: 9, seconds: each } });
      const owners = Array.from({ length: 2_000 }, (_, n) => counter.count("owner", `guest:${n}`));
      return (await Promise.all(owners)).filter(({ resetMs }) => resetMs > each * 1_000);
    });
    expect(await Promise.all(left)).to.deep.equal(seconds.map(() => []));
  });

  it("begins anew when the window is over, however many came meanwhile", async () => {
    const counter = createMemoryCounter({ owner: { points: 1, seconds: 1 } });
    const firsts: number[] = [];
    let current = await counter.count("owner", "guest:a");
    await eventually("a third window", async () => {
      if (current.count === 1) firsts.push(Date.now());
      expect(current.resetMs).to.be.within(1, 1_000);
      current = await counter.count("owner", "guest:a");
      return firsts.length === 3;
    });
    expect(firsts[2]! - firsts[0]!).to.be.at.least(1_900);
  });
});
