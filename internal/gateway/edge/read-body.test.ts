import { once } from "node:events";
import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import { type GatewayUnderTest, startGateway } from "../../testkit/gateway.ts";
import { sendRaw } from "../../testkit/raw-client.ts";
import { type RecordingUpstream, startUpstream } from "../../testkit/recording-upstream.ts";
import { request } from "../../testkit/shopper.ts";

describe("A body at the gateway", () => {
  const LIMIT = 2_000;
  let cart: RecordingUpstream;
  let gateway: GatewayUnderTest;
  let authorization: string;
  before(async () => {
    cart = await startUpstream();
    gateway = await startGateway({ cartUrl: cart.url, bodyLimitBytes: LIMIT, bodyTimeoutMs: 1_000 });
    authorization = await gateway.guest();
  });
  beforeEach(() => {
    cart.asked.length = 0;
  });
  after(async () => {
    await gateway.close();
    await cart.close();
  });

  const post = (raw: string) =>
    request(gateway.url, "POST", "/api/cart/items", { headers: { authorization }, raw });
  const open = (headers: string) =>
    sendRaw(
      gateway.port,
      `POST /api/cart/items HTTP/1.1\nHost: g\nAuthorization: ${authorization}\n${headers}\n\n`,
    );
  const chunk = (length: number) => `${length.toString(16)}\r\n${"x".repeat(length)}\r\n`;

  it("lets a body of just the limit pass, whole", async () => {
    const body = "x".repeat(LIMIT);
    expect((await post(body)).status).to.equal(200);
    expect(cart.last().body).to.equal(body);
  });

  it("refuses one byte more: 413, and the cart is not asked", async () => {
    const answer = await post("x".repeat(LIMIT + 1));
    expect(answer.status).to.equal(413);
    expect(answer.body).to.include({ code: "PAYLOAD_TOO_LARGE", field: "body" });
    expect(cart.asked).to.deep.equal([]);
  });

  it("lets a checkout's have 256 KiB, whatever the limit of the others, and no byte more", async () => {
    const checkout = (raw: string) =>
      request(gateway.url, "POST", "/api/cart/checkout", { headers: { authorization }, raw });
    const body = "x".repeat(256 * 1024);
    expect((await checkout(body)).status).to.equal(200);
    expect(cart.last().body).to.equal(body);
    expect((await checkout(`${body}x`)).body).to.include({ code: "PAYLOAD_TOO_LARGE", field: "body" });
    expect((await post(body)).status).to.equal(413);
    const generous = await startGateway({ cartUrl: cart.url, bodyLimitBytes: 300 * 1024 });
    const headers = { authorization: await generous.guest() };
    const answer = await request(generous.url, "POST", "/api/cart/checkout", { headers, raw: `${body}x` });
    await generous.close();
    expect(answer.status).to.equal(200);
  });

  it("refuses by the announced length before a byte of the body came", async () => {
    const client = open("Content-Length: 999999999");
    await eventually("an answer", () => client.text().startsWith("HTTP/1.1 413 "));
    client.socket.destroy();
  });

  it("the refusal reaches a client that sends all it has before it listens", async () => {
    const answer = await post("x".repeat(8 * 1024 * 1024));
    expect(answer.body.code).to.equal("PAYLOAD_TOO_LARGE");
  });

  it("a chunked body within the limit arrives with its length", async () => {
    const client = open("Transfer-Encoding: chunked");
    client.socket.write(chunk(LIMIT - 1));
    client.socket.write(`${chunk(1)}0\r\n\r\n`);
    await eventually("an answer", () => client.text().startsWith("HTTP/1.1 200 "));
    client.socket.destroy();
    expect(cart.last().body.length).to.equal(LIMIT);
    expect(cart.last().headers).to.include({ "content-length": String(LIMIT) });
    expect(cart.last().headers).not.to.have.property("transfer-encoding");
  });

  it("an empty chunked body arrives empty", async () => {
    const client = open("Transfer-Encoding: chunked");
    client.socket.write("0\r\n\r\n");
    await eventually("an answer", () => client.text().startsWith("HTTP/1.1 200 "));
    client.socket.destroy();
    expect(cart.last().body).to.equal("");
  });

  it("a chunked body over the limit is refused while it still comes, and the cart is not asked", async () => {
    const client = open("Transfer-Encoding: chunked");
    client.socket.write(chunk(LIMIT));
    client.socket.write(chunk(1));
    await eventually("an answer", () => client.text().startsWith("HTTP/1.1 413 "));
    expect(cart.asked).to.deep.equal([]);
    client.socket.destroy();
  });

  for (const [what, headers, part] of [
    ["with a length", "Content-Length: 10", "half"],
    ["in chunks", "Transfer-Encoding: chunked", "4\r\nhalf\r\n"],
  ] as const) {
    it(`${what} that stalls is 408, not 504, and the cart is not asked`, async () => {
      const client = open(headers);
      client.socket.write(part);
      await eventually("it is closed", () => client.closed());
      expect(client.text()).to.match(
        /^HTTP\/1.1 408 [\s\S]*connection: close[\s\S]*"code":"REQUEST_TIMEOUT"/i,
      );
      expect(cart.asked).to.deep.equal([]);
    });
  }

  it("after a refusal the connection goes on with the next request", async () => {
    for (const [headers, body] of [
      ["Transfer-Encoding: chunked", `${chunk(LIMIT + 1)}${chunk(50_000)}0\r\n\r\n`],
      [`Content-Length: ${LIMIT + 1}`, "x".repeat(LIMIT + 1)],
    ] as const) {
      const client = open(headers);
      client.socket.write(
        `${body}GET /api/cart HTTP/1.1\r\nHost: g\r\nAuthorization: ${authorization}\r\n\r\n`,
      );
      await eventually("two answers", () => /^HTTP\/1.1 413 [\s\S]*HTTP\/1.1 200 /.test(client.text()));
      client.socket.destroy();
    }
  });

  it("a client that goes away in the middle of a chunked body is no error", async () => {
    gateway.lines.length = 0;
    const client = open("Transfer-Encoding: chunked");
    client.socket.write("10\r\nabc");
    const aborted = 'http_request_duration_seconds_count{route="/api/cart",method="POST",status="aborted"}';
    const before = await gateway.metric(aborted);
    await once(client.socket, "ready");
    client.socket.end();
    await eventually("the gateway saw it", async () => (await gateway.metric(aborted)) > before);
    expect(gateway.lines.filter(({ level }) => level !== "debug")).to.deep.equal([]);
    expect(cart.asked).to.deep.equal([]);
  });
});
