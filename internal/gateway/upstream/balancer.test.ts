import type { RequestListener } from "node:http";
import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import { type GatewayUnderTest, startGateway } from "../../testkit/gateway.ts";
import { type RecordingUpstream, startUpstream } from "../../testkit/recording-upstream.ts";
import { freePort } from "../../testkit/servers/free-port.ts";
import { request } from "../../testkit/shopper.ts";
import { MOST_FAILURES } from "./ejection.ts";

describe("The gateway and several addresses of a service", function () {
  this.timeout(120_000);
  let carts: RecordingUpstream[];
  let answers: RequestListener[];
  let gateway: GatewayUnderTest;
  const good: RequestListener = (_req, res) => res.end("{}");
  const hangUp: RequestListener = (req) => req.socket.destroy();

  beforeEach(async () => {
    answers = [good, good];
    carts = await Promise.all(answers.map((_, i) => startUpstream((req, res) => answers[i]!(req, res))));
    await gatewayBefore(carts.map(({ url }) => url));
  });
  afterEach(async () => {
    await gateway.close();
    for (const cart of carts) await cart.close();
  });

  async function gatewayBefore(urls: string[], more: Partial<Parameters<typeof startGateway>[0]> = {}) {
    await gateway?.close();
    gateway = await startGateway({ cartUrl: urls.join(), upstreams: { probeEveryMs: 20 }, ...more });
  }
  const call = async (authorization: string, method = "GET", headers: Record<string, string> = {}) =>
    request(gateway.url, method, "/api/cart", {
      headers: { authorization, ...headers },
      ...(method === "POST" && { raw: '{"quantity":2}' }),
    });
  const guests = (count: number) => Promise.all(Array.from({ length: count }, () => gateway.guest()));
  const asked = () => carts.map((cart) => cart.asked.length);
  const forget = () => {
    for (const cart of carts) cart.asked.length = 0;
  };
  /** A guest whose cart is at the first address. */
  async function guestOfFirst(): Promise<string> {
    for (;;) {
      forget();
      const guest = await gateway.guest();
      await call(guest);
      const isFirst = carts[0]!.asked.length > 0;
      forget();
      if (isFirst) return guest;
    }
  }
  const used = (state: string) =>
    gateway.metric(`gateway_upstream_addresses{upstream="cart",state="${state}"}`);

  it("asks the same address for all that one owner wants, and each for some owners", async () => {
    const owners = await guests(12);
    for (const method of ["GET", "POST", "DELETE"])
      for (const owner of owners) expect((await call(owner, method)).status).to.equal(200);
    const seen = carts.map((cart) => new Set(cart.asked.map(({ owner }) => owner)));
    expect([...seen[0]!].filter((owner) => seen[1]!.has(owner))).to.deep.equal([]);
    expect(seen[0]!.size + seen[1]!.size).to.equal(12);
    expect(Math.min(seen[0]!.size, seen[1]!.size)).to.be.greaterThan(0);
  });

  it("of which one is gone serves everybody from the others, whatever the method, and leaves it out", async () => {
    const owners = await guests(12);
    await gatewayBefore([carts[0]!.url, `http://127.0.0.1:${await freePort()}`]);
    for (const owner of owners) expect((await call(owner, "POST")).status).to.equal(200);
    expect(asked()).to.deep.equal([12, 0]);
    expect([await used("in_use"), await used("ejected")]).to.deep.equal([1, 1]);
    const notConnected = await gateway.metric(
      'gateway_upstream_attempts_total{upstream="cart",result="not_connected"}',
    );
    expect(notConnected, "the address was left out after three failures").to.equal(3);
    expect(await gateway.metric('gateway_upstream_ejections_total{upstream="cart"}')).to.equal(1);
  });

  it("uses an address again when it answers again", async () => {
    const guest = await guestOfFirst();
    answers[0] = hangUp;
    for (let i = 0; i < 3; i++) await call(guest, "POST");
    await eventually("it is left out", async () => (await used("ejected")) === 1);
    forget();
    expect((await call(guest, "POST")).status, "by the other").to.equal(200);
    expect(carts[1]!.asked.map(({ method }) => method)).to.deep.equal(["POST"]);
    answers[0] = good;
    await eventually("it is back", async () => (await used("ejected")) === 0);
    forget();
    await call(guest, "POST");
    expect(carts[0]!.asked.map(({ method }) => method)).to.deep.equal(["POST"]);
  });

  it("sends what may be repeated to another one, with its whole body; what may not, fails", async () => {
    const guest = await guestOfFirst();
    for (const [method, headers, status] of [
      ["GET", {}, 200],
      ["DELETE", {}, 200],
      ["POST", { "idempotency-key": "k" }, 200],
      ["POST", {}, 502],
      ["DELETE", { "if-match": '"3"' }, 502],
    ] as const) {
      answers[0] = hangUp;
      forget();
      const what = `${method} ${JSON.stringify(headers)}`;
      expect((await call(guest, method, headers)).status, what).to.equal(status);
      expect(asked(), what).to.deep.equal([1, status === 200 ? 1 : 0]);
      if (status === 200) expect(carts[1]!.last().body, what).to.equal(carts[0]!.last().body);
      // So that it is not left out.
      answers[0] = good;
      await call(guest);
    }
    const retries = await gateway.metric(
      'gateway_upstream_retries_total{upstream="cart",reason="no_answer"}',
    );
    expect(retries).to.equal(3);
  });

  it("repeats nothing of which a byte of an answer has come", async () => {
    const guest = await guestOfFirst();
    answers[0] = (req) => {
      req.socket.write("HTTP/1.1 200 OK\r\ncontent-le");
      setImmediate(() => req.socket.destroy());
    };
    expect((await call(guest)).status).to.equal(502);
    expect(asked()).to.deep.equal([1, 0]);
  });

  it("repeats no more than its budget, and counts what it did not repeat", async () => {
    let left = 3;
    const budget = { countRequest: () => {}, take: () => left-- > 0 };
    await gatewayBefore(
      carts.map(({ url }) => url),
      { upstreams: { budget, probeEveryMs: 3_600_000 } },
    );
    answers = [hangUp, hangUp];
    const guest = await gateway.guest();
    for (let i = 0; i < 10; i++) expect((await call(guest)).status).to.equal(502);
    const [first = 0, second = 0] = asked();
    expect(first + second).to.equal(13);
    const exhausted = 'gateway_upstream_retry_budget_exhausted_total{upstream="cart"}';
    expect(await gateway.metric(exhausted)).to.equal(7);
  });

  it("tries one that is left out, and may be well again, when the others have failed a request", async () => {
    await gatewayBefore(
      carts.map(({ url }) => url),
      { upstreams: { probeEveryMs: 60_000 } },
    );
    const guest = await guestOfFirst();
    answers[0] = hangUp;
    for (let i = 0; i < MOST_FAILURES; i++) await call(guest);
    expect(await used("ejected")).to.equal(1);
    answers = [good, hangUp];
    forget();
    expect((await call(guest)).status).to.equal(200);
    expect(asked()).to.deep.equal([1, 1]);
  });

  it("all of which are ejected is still asked, and answers at once when one is well", async () => {
    answers = [hangUp, hangUp];
    await gatewayBefore(
      carts.map(({ url }) => url),
      { upstreams: { probeEveryMs: 3_600_000 } },
    );
    const guest = await gateway.guest();
    for (let i = 0; i < 6; i++) await call(guest, "GET");
    await eventually("all are ejected", async () => (await used("in_use")) === 0);
    answers = [good, good];
    expect((await call(guest, "POST")).status).to.equal(200);
  });

  it("none of which can be connected to is asked by its fallback, which serves while they are left out", async () => {
    const [gone, alsoGone] = [await freePort(), await freePort()];
    await gatewayBefore([`http://127.0.0.1:${gone}`, `http://127.0.0.1:${alsoGone}`], {
      upstreams: { fallbackUrl: carts[0]!.url, probeEveryMs: 3_600_000 },
    });
    const guest = await gateway.guest();
    for (let i = 0; i < 8; i++) expect((await call(guest, "POST")).status).to.equal(200);
    expect(asked()).to.deep.equal([8, 0]);
    const attempts = 'gateway_upstream_attempts_total{upstream="cart",result="not_connected"}';
    expect(await gateway.metric(attempts), "three at each").to.equal(6);
  });

  it("follows the addresses of a name as they come and go", async () => {
    let ips = ["127.0.0.1"];
    const port = new URL(carts[0]!.url).port;
    await gatewayBefore([`http://cart.test:${port}`], { upstreams: { resolve: async () => ips } });
    const guest = await gateway.guest();
    await eventually("resolved", async () => (await call(guest)).status === 200);
    ips = ["127.0.0.1", "127.0.0.2"];
    await eventually("two addresses", async () => (await used("in_use")) === 2, { timeoutMs: 15_000 });
    ips = ["127.0.0.1"];
    await eventually("one address", async () => (await used("in_use")) === 1, { timeoutMs: 15_000 });
    expect((await call(guest)).status).to.equal(200);
  });

  it("is told by when the gateway gives up, whatever a client says of it", async () => {
    const guest = await gateway.guest();
    const before = Date.now();
    await call(guest, "POST", { "x-request-deadline": "9999999999999" });
    const told = Number([...carts[0]!.asked, ...carts[1]!.asked].at(-1)?.headers["x-request-deadline"]);
    expect(told).to.be.within(before + 10_000, Date.now() + 10_000);
  });
});
