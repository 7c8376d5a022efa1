import { expect } from "chai";
import { Registry } from "../platform/metrics/metrics.ts";
import { eventually } from "../testkit/eventually.ts";
import {
  type GatewayUnderTest,
  type RecordingUpstream,
  startGateway,
  startUpstream,
} from "../testkit/gateway.ts";
import { request } from "../testkit/shopper.ts";
import { createRateLimit } from "./rate-limit.ts";

describe("The gateway's rate limit", () => {
  let cart: RecordingUpstream;
  let gateway: GatewayUnderTest;
  before(async () => {
    cart = await startUpstream();
  });
  afterEach(() => gateway.close());
  after(() => cart.close());

  const start = async (perMinute: number) => {
    gateway = await startGateway({ cartUrl: cart.url, perMinute });
  };
  const ask = async (authorization: string) =>
    request(gateway.url, "GET", "/api/cart", { headers: { authorization } });

  it("lets each owner have so many requests a minute, and no more: 429 with Retry-After", async () => {
    await start(3);
    const [one, other] = [await gateway.guest(), await gateway.guest()];
    for (let i = 0; i < 3; i++) expect((await ask(one)).status).to.equal(200);
    for (let i = 0; i < 2; i++) {
      const { status, headers, body } = await ask(one);
      expect([status, body.code]).to.deep.equal([429, "RATE_LIMITED"]);
      expect(Number(headers.get("retry-after"))).to.be.within(1, 60);
    }
    expect((await ask(other)).status).to.equal(200);
    expect(await gateway.metric("gateway_rate_limited_total")).to.equal(2);
  });

  it("counts an owner's tokens as one, and whom it does not know by address", async () => {
    await start(2);
    const guest = await gateway.guest();
    const open = async () => (await request(gateway.url, "POST", "/api/session")).status;
    expect([await open(), await open(), await open()]).to.deep.equal([201, 201, 429]);
    const browse = async () => (await request(gateway.url, "GET", "/api/catalog/products")).status;
    expect(await browse(), "the same address").to.equal(429);
    expect((await ask(guest)).status, "an owner from that address").to.equal(200);
  });

  it("does not count what is refused for its token", async () => {
    await start(1);
    const guest = await gateway.guest();
    expect((await ask(`${guest}x`)).status).to.equal(401);
    expect((await ask(guest)).status).to.equal(200);
  });

  it("begins anew when the minute is over, however many came meanwhile", async () => {
    await start(0);
    const windowMs = 300;
    const limit = createRateLimit(1, new Registry(), windowMs);
    const passed: number[] = [];
    await eventually("three passed", () => {
      if (limit("guest:a") === null) passed.push(Date.now());
      return passed.length === 3;
    });
    expect(passed[2]! - passed[0]!).to.be.at.least(2 * windowMs - 50);
  });

  it("of 0 is none", async () => {
    await start(0);
    const guest = await gateway.guest();
    const statuses = await Promise.all(Array.from({ length: 200 }, async () => (await ask(guest)).status));
    expect(new Set(statuses)).to.deep.equal(new Set([200]));
    expect(await gateway.metric("gateway_rate_limited_total")).to.equal(0);
  });
});
