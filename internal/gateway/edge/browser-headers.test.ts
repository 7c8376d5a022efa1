import { expect } from "chai";
import { type GatewayUnderTest, startGateway } from "../../testkit/gateway.ts";
import { type RecordingUpstream, startUpstream } from "../../testkit/recording-upstream.ts";

const SHOP = "https://shop.example";

describe("The gateway towards browsers", () => {
  let upstream: RecordingUpstream;
  let gateway: GatewayUnderTest;
  before(async () => {
    upstream = await startUpstream((_req, res) => {
      res.setHeader("access-control-allow-origin", "https://nobody.example");
      res.setHeader("vary", "Accept-Encoding");
      res.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  afterEach(() => gateway.close());
  after(() => upstream.close());

  const open = async (options: { corsOrigins?: string[]; hstsSeconds?: number } = {}) => {
    gateway = await startGateway({
      cartUrl: upstream.url,
      quotas: { address: { points: 2, seconds: 60 } },
      ...options,
    });
  };
  const ask = (method: string, path: string, headers: Record<string, string> = {}) =>
    fetch(`${gateway.url}${path}`, { method, headers });
  const preflight = (origin: string) =>
    ask("OPTIONS", "/api/cart/items", {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-type,idempotency-key",
    });
  const corsOf = ({ headers }: Response) => headers.get("access-control-allow-origin");

  it("answers a preflight without a token, as often as it comes, and asks nobody", async () => {
    await open({ corsOrigins: [SHOP, "http://localhost:3000"] });
    const asked = upstream.asked.length;
    for (let time = 0; time < 3; time++) {
      const { status, headers } = await preflight(SHOP);
      expect([status, headers.get("access-control-allow-origin")]).to.deep.equal([204, SHOP]);
      expect(headers.get("access-control-allow-headers")).to.contain("Idempotency-Key");
      expect(headers.get("access-control-allow-methods")).to.contain("PUT");
      expect(headers.get("access-control-allow-credentials")).to.equal(null);
    }
    expect(upstream.asked.length).to.equal(asked);
    expect(
      await gateway.metric(
        'http_request_duration_seconds_count{route="preflight",method="OPTIONS",status="204"}',
      ),
    ).to.equal(3);
  });

  it("lets pages of its origins alone read answers, those of upstreams and refusals too", async () => {
    await open({ corsOrigins: [SHOP, "http://localhost:3000"] });
    const listed = await ask("GET", "/api/catalog/products", { origin: SHOP });
    expect([listed.status, corsOf(listed)]).to.deep.equal([200, SHOP]);
    expect(listed.headers.get("vary")).to.equal("Origin, Accept-Encoding");
    expect(listed.headers.get("access-control-expose-headers")).to.contain("Outbox-State");
    const refused = await ask("GET", "/api/cart", { origin: SHOP });
    expect([refused.status, corsOf(refused)]).to.deep.equal([401, SHOP]);
    for (const origin of ["https://shop.example.evil.test", "http://shop.example", "null"]) {
      expect(corsOf(await preflight(origin)), origin).to.equal(null);
      expect(corsOf(await ask("GET", "/api/cart", { origin })), origin).to.equal(null);
    }
  });

  it("lets every page read answers where the origins are *", async () => {
    await open({ corsOrigins: ["*"] });
    expect(corsOf(await preflight("https://any.example"))).to.equal("*");
  });

  it("knows no preflight and no origin unless configured, whatever an upstream says", async () => {
    await open();
    expect((await preflight(SHOP)).status).to.equal(401);
    expect(corsOf(await ask("GET", "/api/catalog/products", { origin: SHOP }))).to.equal(null);
  });

  it("takes an OPTIONS that asks for no method for a request like any other", async () => {
    await open({ corsOrigins: ["*"] });
    expect((await ask("OPTIONS", "/api/session")).status).to.equal(405);
  });

  it("keeps every answer from being taken for a page, and asks for https when configured", async () => {
    await open();
    const { headers } = await ask("GET", "/api/nothing");
    expect(headers.get("content-security-policy")).to.equal("default-src 'none';frame-ancestors 'none'");
    expect(headers.get("x-content-type-options")).to.equal("nosniff");
    expect(headers.get("referrer-policy")).to.equal("no-referrer");
    expect(headers.get("strict-transport-security")).to.equal(null);
    await gateway.close();
    await open({ hstsSeconds: 31_536_000 });
    expect((await ask("POST", "/api/session")).headers.get("strict-transport-security")).to.equal(
      "max-age=31536000",
    );
  });
});
