import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import { playUpstream } from "../../testkit/gateway-scene.ts";
import { sendRaw } from "../../testkit/raw-client.ts";
import { request } from "../../testkit/shopper.ts";

describe("What RFC 9112 has of a request, at the gateway", () => {
  const scene = playUpstream();

  async function say(head: string, body = "") {
    const client = sendRaw(scene.gateway.port, `${head}\nAuthorization: ${scene.authorization}\n\n${body}`);
    const [, status] = await eventually("an answer", () =>
      /^HTTP\/1.1 (\d+)[\s\S]*?\r\n\r\n/.exec(client.text()),
    );
    client.socket.destroy();
    return { status: Number(status), text: client.text() };
  }

  /** What the API's description says of refusals before a call is reached. */
  async function beforeRouting(): Promise<string> {
    const { body } = await request(scene.gateway.url, "GET", "/api/openapi.json");
    return body.paths["/api/cart"].get.responses.default.description;
  }

  it("HTTP/1.0 needs no Host", async () => {
    expect((await say("GET /api/cart HTTP/1.0")).status).to.equal(200);
    expect(scene.cart.last().url).to.equal("/cart");
    expect((await say("POST /api/cart/items HTTP/1.0")).status).to.equal(200);
  });

  it("a target in absolute form goes where its path says, when its host is the request's own", async () => {
    expect((await say("GET http://shop.example/api/cart?x=1 HTTP/1.1\nHost: shop.example")).status).to.equal(
      200,
    );
    expect(scene.cart.last()).to.include({ url: "/cart?x=1", owner: scene.cart.last().owner });
    expect((await say("GET http://evil.test/api/cart HTTP/1.1\nHost: shop.example")).status).to.equal(400);
    expect(scene.cart.asked).to.have.length(1);
  });

  it("two Hosts are refused, also equal ones, and nobody is asked", async () => {
    const { status, text } = await say("GET /api/cart HTTP/1.1\nHost: a\nHost: a");
    expect(status).to.equal(400);
    expect(text).to.match(/"instance":"\/api\/cart"/);
    expect(scene.cart.asked).to.deep.equal([]);
  });

  it("OPTIONS * is answered without a token", async () => {
    const { status, text } = await say("OPTIONS * HTTP/1.1\nHost: a\nX: y");
    expect(status).to.equal(204);
    expect(text).to.match(/allow: GET/i);
  });

  it("Bearer may be followed by several spaces", async () => {
    const token = scene.authorization.replace("Bearer ", "");
    for (const authorization of [`bearer   ${token}`, `Bearer ${token}  `]) {
      scene.authorization = authorization;
      expect((await say("GET /api/cart HTTP/1.1\nHost: a")).status, authorization).to.equal(200);
    }
  });

  it("a tunnel is refused with a problem", async () => {
    const { status, text } = await say("CONNECT shop.example:443 HTTP/1.1\nHost: shop.example:443");
    expect(status).to.equal(405);
    expect(text).to.match(/allow: GET[\s\S]*"code":"METHOD_NOT_ALLOWED"/i);
  });

  const chunked = (coding: string) => `POST /api/cart/items HTTP/1.1\nHost: a\nTransfer-Encoding: ${coding}`;
  for (const [what, head, status, code, body] of [
    ["a version that nobody speaks", "GET /api/cart HTTP/4.2\nHost: a", 505, "HTTP_VERSION_NOT_SUPPORTED"],
    ["no HTTP", "hello", 400, "INVALID_REQUEST"],
    ["an expectation", "GET /api/cart HTTP/1.1\nHost: a\nExpect: tea", 417, "EXPECTATION_FAILED"],
    ["long headers", `GET /api/cart HTTP/1.1\nHost: a\nX: ${"y".repeat(20_000)}`, 431, "HEADERS_TOO_LARGE"],
    ["a coded body", chunked("gzip, chunked"), 501, "TRANSFER_CODING_NOT_SUPPORTED", "2\n{}\n0\n\n"],
    ["long chunk extensions", chunked("chunked"), 413, "PAYLOAD_TOO_LARGE", `2;${"x".repeat(20_000)}\n`],
  ] as const)
    it(`${what}: ${status} as problem+json, and nobody is asked`, async () => {
      const answer = await say(head, body);
      expect(answer.status).to.equal(status);
      expect(answer.text).to.match(/content-type: application\/problem\+json/i);
      expect(answer.text).to.contain(`"code":"${code}"`);
      if (status === 417) expect(answer.text).to.contain('"instance":"/api/cart"');
      expect(scene.cart.asked).to.deep.equal([]);
      expect(await beforeRouting(), "in the description").to.contain(code);
      expect(await scene.gateway.metric(`http_requests_unread_total{code="${code}"}`)).to.equal(1);
    });
});
