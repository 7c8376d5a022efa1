import { expect } from "chai";
import { type GatewayUnderTest, startGateway } from "../../testkit/gateway.ts";
import { type RecordingUpstream, startUpstream } from "../../testkit/recording-upstream.ts";
import { request } from "../../testkit/shopper.ts";

const TRUSTED = ["127.0.0.0/8", "::1", "10.0.0.0/8"];

describe("Who the gateway takes for the client", () => {
  let upstream: RecordingUpstream;
  let gateway: GatewayUnderTest;
  before(async () => {
    upstream = await startUpstream();
  });
  afterEach(() => gateway.close());
  after(() => upstream.close());

  const behind = async (trustedProxies: string[]) => {
    const quotas = { address: { points: 1, seconds: 60 } };
    gateway = await startGateway({ cartUrl: upstream.url, quotas, trustedProxies });
  };
  const browse = async (headers: Record<string, string>) =>
    (await request(gateway.url, "GET", "/api/catalog/products", { headers })).status;
  /** What the cart is told of a request with these headers; the catalog is told nothing of its clients. */
  const told = async (headers: Record<string, string>) => {
    const authorization = await gateway.guest();
    await request(gateway.url, "GET", "/api/cart", { headers: { ...headers, authorization } });
    return upstream.last().headers;
  };

  it("is the connection's other end, unless that is a trusted proxy", async () => {
    await behind(["10.0.0.0/8"]);
    expect(await browse({ "x-forwarded-for": "203.0.113.1" })).to.equal(200);
    expect(await browse({ "x-forwarded-for": "203.0.113.2" }), "one client, whatever it claims").to.equal(
      429,
    );
    expect(await browse({ forwarded: "for=203.0.113.3" })).to.equal(429);
    expect(await told({ forwarded: "for=203.0.113.3" })).to.include({ "x-forwarded-for": "127.0.0.1" });
  });

  it("is told by X-Forwarded-For from the right, up to the first that is not trusted", async () => {
    await behind(TRUSTED);
    const from = (list: string) => browse({ "x-forwarded-for": list, "x-forwarded-proto": "https" });
    expect(await from("203.0.113.1")).to.equal(200);
    const headers = { "x-forwarded-for": "203.0.113.1", "x-forwarded-proto": "https" };
    expect(await told(headers)).to.include(headers);
    expect(await from("203.0.113.2")).to.equal(200);
    expect(await from("198.51.100.9, 203.0.113.2, 10.1.2.3"), "further left is made up").to.equal(429);
    expect(await from("203.0.113.2, 203.0.113.3")).to.equal(200);
  });

  it("is one whatever port a proxy adds, and with all addresses of its IPv6 network", async () => {
    await behind(TRUSTED);
    const from = (address: string) => browse({ "x-forwarded-for": address });
    expect([await from("203.0.113.1:4711"), await from("203.0.113.1:4712")]).to.deep.equal([200, 429]);
    expect([await from("2001:db8::1"), await from("[2001:db8::2]:80")]).to.deep.equal([200, 429]);
    expect(await from("2001:db8:0:1::1")).to.equal(200);
  });

  it("is told by Forwarded in the same way, with scheme and host as its proxy has seen them", async () => {
    await behind(TRUSTED);
    const from = (forwarded: string) => browse({ forwarded });
    const forwarded = "for=203.0.113.1;proto=https;host=shop.example";
    expect(await from(forwarded)).to.equal(200);
    const headers = await told({ forwarded });
    expect(headers).to.include({
      "x-forwarded-for": "203.0.113.1",
      "x-forwarded-proto": "https",
      "x-forwarded-host": "shop.example",
    });
    expect(headers).not.to.have.property("forwarded");
    expect(await from('for=198.51.100.9, for="203.0.113.1:80", for=10.1.2.3'), "made up").to.equal(429);
    expect([await from('for="[2001:db8::1]:4711"'), await from('for="[2001:db8::2]"')]).to.deep.equal([
      200, 429,
    ]);
  });

  it("is who both headers name; where they differ one is forged, and the proxy is taken for the client", async () => {
    await behind(TRUSTED);
    const named = (plain: string, rich: string) => ({ "x-forwarded-for": plain, forwarded: rich });
    const both = (plain: string, rich: string) => browse(named(plain, rich));
    const client = async (plain: string, rich: string) => (await told(named(plain, rich)))["x-forwarded-for"];
    expect(await both("203.0.113.1", "for=203.0.113.1")).to.equal(200);
    expect(await client("203.0.113.1", "for=203.0.113.1")).to.equal("203.0.113.1");
    expect(await both("203.0.113.2", "for=198.51.100.1")).to.equal(200);
    expect(await client("203.0.113.2", "for=198.51.100.1")).to.equal("127.0.0.1");
    expect(await both("203.0.113.2", "for=198.51.100.2"), "no new client for each forgery").to.equal(429);
    expect(await both("198.51.100.3", "for=203.0.113.2")).to.equal(429);
  });

  it("is the proxy where its Forwarded cannot be read, or does not say", async () => {
    await behind(TRUSTED);
    expect(await browse({ forwarded: "203.0.113.1" })).to.equal(200);
    expect((await told({ forwarded: "203.0.113.1" }))["x-forwarded-for"]).to.equal("127.0.0.1");
    expect(await browse({ forwarded: "proto=https" })).to.equal(429);
    expect(await browse({ forwarded: "for=203.0.113.1, for" })).to.equal(429);
  });
});
