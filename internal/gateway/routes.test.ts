import { expect } from "chai";
import { eventually } from "../testkit/eventually.ts";
import { type GatewayUnderTest, startGateway } from "../testkit/gateway.ts";
import { sendRaw } from "../testkit/raw-client.ts";
import { type RecordingUpstream, startUpstream } from "../testkit/recording-upstream.ts";
import { request } from "../testkit/shopper.ts";

describe("The gateway's routes", () => {
  let cart: RecordingUpstream;
  let catalog: RecordingUpstream;
  let gateway: GatewayUnderTest;
  let authorization: string;
  before(async () => {
    cart = await startUpstream((_req, res) => {
      res.setHeader("x-powered-by", "Express");
      res.setHeader("server", "cart/1");
      res.setHeader("keep-alive", "timeout=65");
      res.setHeader("etag", '"7"');
      res.setHeader("outbox-state", "committed");
      res.setHeader("set-cookie", ["a=1", "b=2"]);
      res.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
    catalog = await startUpstream();
    gateway = await startGateway({ cartUrl: cart.url, catalogUrl: catalog.url });
    authorization = await gateway.guest();
  });
  beforeEach(() => {
    cart.asked.length = 0;
    catalog.asked.length = 0;
  });
  after(async () => {
    await gateway.close();
    await cart.close();
    await catalog.close();
  });

  /** One request whose path goes out exactly as written; fetch would tidy it up. */
  const raw = async (method: string, path: string, more = "") => {
    const client = sendRaw(
      gateway.port,
      `${method} ${path} HTTP/1.1\nHost: shop.test\nAuthorization: ${authorization}\n${more}\n`,
    );
    const head = await eventually("an answer", () => /^HTTP\/1.1 (\d+)[\s\S]*?\r\n\r\n/.exec(client.text()));
    client.socket.destroy();
    return Number(head[1]);
  };

  const passed: [string, string, "cart" | "catalog", string][] = [
    ["GET", "/api/cart", "cart", "/cart"],
    ["DELETE", "/api/cart", "cart", "/cart"],
    ["GET", "/api/cart/", "cart", "/cart/"],
    ["POST", "/api/cart/items", "cart", "/cart/items"],
    ["PUT", "/api/cart/items/mug-steel", "cart", "/cart/items/mug-steel"],
    ["PUT", "/api/cart/items/a%20b?x=1&y=../..", "cart", "/cart/items/a%20b?x=1&y=../.."],
    ["GET", "/api/orders?limit=2", "cart", "/orders?limit=2"],
    ["GET", "/api/orders/1", "cart", "/orders/1"],
    ["POST", "/api/orders/1/cancel", "cart", "/orders/1/cancel"],
    ["GET", "/api/catalog/products", "catalog", "/products"],
    ["GET", "/api/catalog/products?ids=a,b&limit=2", "catalog", "/products?ids=a,b&limit=2"],
    ["GET", "/api/catalog/products/mug-steel", "catalog", "/products/mug-steel"],
  ];
  for (const [method, path, to, as] of passed) {
    it(`${method} ${path} goes to the ${to} as ${as}`, async () => {
      expect(await raw(method, path)).to.equal(200);
      const [asked, other] = to === "cart" ? [cart, catalog] : [catalog, cart];
      expect(asked.asked.map(({ method, url }) => [method, url])).to.deep.equal([[method, as]]);
      expect(other.asked).to.deep.equal([]);
    });
  }

  it("HEAD of the catalog is answered by what GET would be", async () => {
    expect(await raw("HEAD", "/api/catalog/products")).to.equal(200);
    expect(catalog.asked.map(({ method, url }) => [method, url])).to.deep.equal([["GET", "/products"]]);
  });

  const nowhere: [number, string][] = [
    [404, "/"],
    [404, "/api"],
    [404, "/api/"],
    [404, "/cart"],
    [404, "/products"],
    [404, "/api/cartoon"],
    [404, "/api/cart-admin"],
    [404, "/api/%63art"],
    [404, "/api/orderss"],
    [404, "/api/orders/1/transitions"],
    [404, "/api/orders/1/Transitions/"],
    [404, "/api/orders/1/%74ransitions"],
    [404, "/api/orders/1/cancel/x"],
    [404, "/api/catalog"],
    [404, "/api/catalog/"],
    [404, "/api/catalog/admin/faults"],
    [404, "/api/catalog/productsx"],
    [404, "/metrics"],
    [404, "/healthz"],
    [400, "*"],
    [400, "/api//cart"],
    [400, "//api/cart"],
    [400, "/api/cart/../catalog/products"],
    [400, "/api/catalog/products/../../cart"],
    [400, "/api/catalog/products/../admin/faults"],
    [400, "/api/catalog/products/.."],
    [400, "/api/catalog/./products"],
    [400, "/api/cart/%2e%2e/admin"],
    [400, "/api/cart/%2E%2e/admin"],
    [400, "/api/cart/.%2e/admin"],
    [400, "/api/cart%2fitems"],
    [400, "/api/cart%2Fitems"],
    [400, "/api/cart/..%2fadmin"],
    [400, "/api/cart/..%5cadmin"],
    [400, "/api/cart/..\\admin"],
    [400, "/api/catalog/products/%2e%2e%2fadmin"],
    [400, "http://evil.test/api/cart"],
  ];
  for (const [status, path] of nowhere) {
    it(`${path} goes nowhere: ${status}`, async () => {
      expect(await raw("GET", path)).to.equal(status);
      expect([...cart.asked, ...catalog.asked]).to.deep.equal([]);
    });
  }

  it("what is nowhere is answered as a problem", async () => {
    const answer = await request(gateway.url, "GET", "/nowhere?token=secret");
    expect(answer.headers.get("content-type")).to.match(/^application\/problem\+json/);
    expect(answer.body).to.include({ status: 404, code: "NOT_FOUND", instance: "/nowhere", field: "path" });
  });

  it("the catalog can only be read: 405 with Allow", async () => {
    for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
      const answer = await request(gateway.url, method, "/api/catalog/products/mug-steel");
      expect(answer.status, method).to.equal(405);
      expect(answer.headers.get("allow")).to.equal("GET, HEAD");
      expect(answer.body).to.include({ code: "METHOD_NOT_ALLOWED", field: "method" });
    }
    expect(catalog.asked).to.deep.equal([]);
  });

  it("a session can only be opened and ended: 405 with Allow", async () => {
    for (const method of ["GET", "PUT", "PATCH"]) {
      const answer = await request(gateway.url, method, "/api/session");
      expect([answer.status, answer.headers.get("allow")], method).to.deep.equal([405, "POST, DELETE"]);
    }
  });

  it("the catalog needs no identity and is given none", async () => {
    const answer = await request(gateway.url, "GET", "/api/catalog/products", { headers: { authorization } });
    expect(answer.status).to.equal(200);
    expect(catalog.last().headers).not.to.include.any.keys("authorization", "x-cartwright-identity");
  });

  const get = (headers: Record<string, string> = {}) =>
    request(gateway.url, "GET", "/api/cart", { headers: { authorization, ...headers } });

  it("the cart's own headers come back, and those about its software or its connection do not", async () => {
    const { headers } = await get();
    expect(headers.get("etag")).to.equal('"7"');
    expect(headers.get("outbox-state")).to.equal("committed");
    expect(headers.getSetCookie()).to.deep.equal(["a=1", "b=2"]);
    expect(headers.get("x-powered-by")).to.equal(null);
    expect(headers.get("server")).to.equal(null);
  });

  it("what a client may say to the cart arrives", async () => {
    const said = {
      "if-match": '"3"',
      "if-none-match": '"4"',
      "idempotency-key": "k-1",
      accept: "application/json",
      "accept-language": "de",
      "user-agent": "test/1",
    };
    await get(said);
    expect(cart.last().headers).to.include(said);
    await request(gateway.url, "POST", "/api/cart/items", { headers: { authorization }, raw: '{"a":"ä"}' });
    expect(cart.last().headers).to.include({ "content-type": "application/json", "content-length": "10" });
    expect(cart.last().body).to.equal('{"a":"ä"}');
  });

  it("the cart learns who sent a request from the connection, not from what the client claims", async () => {
    await get({
      "x-forwarded-for": "8.8.8.8",
      "x-forwarded-proto": "https",
      "x-forwarded-host": "evil.test",
      forwarded: "for=8.8.8.8",
      "x-real-ip": "8.8.8.8",
    });
    const { headers } = cart.last();
    expect(headers).to.include({
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-proto": "http",
      "x-forwarded-host": `127.0.0.1:${gateway.port}`,
    });
    expect(headers).not.to.include.any.keys("forwarded", "x-real-ip");
  });

  it("a request id is passed on and answered; a missing or malformed one is replaced", async () => {
    expect((await get({ "x-request-id": "abc-1" })).headers.get("x-request-id")).to.equal("abc-1");
    expect(cart.last().headers["x-request-id"]).to.equal("abc-1");
    for (const given of [{}, { "x-request-id": "a b" }, { "x-request-id": "x".repeat(129) }]) {
      const answered = (await get(given)).headers.get("x-request-id");
      expect(answered).to.match(/^[0-9a-f-]{36}$/);
      expect(cart.last().headers["x-request-id"]).to.equal(answered);
    }
  });

  const trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

  it("a valid trace context is passed on", async () => {
    await get({ traceparent: trace, tracestate: "vendor=1" });
    expect(cart.last().headers).to.include({ traceparent: trace, tracestate: "vendor=1" });
  });

  it("an invalid trace context is replaced by a new trace, without the old one's state", async () => {
    const zeros = "0".repeat(32);
    for (const traceparent of ["", "nonsense", trace.toUpperCase(), `00-${zeros}-00f067aa0ba902b7-01`]) {
      await get({ traceparent, tracestate: "vendor=1" });
      expect(cart.last().headers.traceparent).to.match(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
      expect(cart.last().headers).not.to.have.property("tracestate");
    }
    await raw("GET", "/api/cart", `traceparent: ${trace}\ntraceparent: ${trace}\n`);
    expect(cart.last().headers.traceparent).to.match(/-00$/);
  });

  it("requests are counted by route, not by path", async () => {
    await request(gateway.url, "GET", "/api/catalog/products/some-product");
    const count = (labels: string) => gateway.metric(`http_request_duration_seconds_count{${labels}}`);
    await eventually("it was counted", () =>
      count('route="/api/catalog/products",method="GET",status="200"'),
    );
    expect(await count('route="/api/session",method="POST",status="201"')).to.equal(0);
    await request(gateway.url, "POST", "/api/session");
    await eventually("it was counted", () => count('route="/api/session",method="POST",status="201"'));
  });
});
