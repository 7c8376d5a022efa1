import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import { sendRaw } from "../../testkit/raw-client.ts";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import { Registry } from "../metrics/metrics.ts";
import { type HttpServer, listen } from "./server.ts";

describe("A request's Host and target", () => {
  const registry = new Registry();
  let server: HttpServer;
  before(async () => {
    const told = { registry, log: recordingLogger().log };
    server = await listen((req, res) => res.end(`${req.method} ${req.url} at ${req.headers.host}`), {
      host: "127.0.0.1",
      port: 0,
      told,
    });
  });
  after(() => server.close());

  /** Status and body of the answer to what goes out exactly as written. */
  async function say(text: string) {
    const client = sendRaw(server.port, `${text}\n\n`);
    const whole = await eventually("an answer", () =>
      /^HTTP\/1.1 (\d+)[\s\S]*?\r\n\r\n(.+)$/s.exec(client.text()),
    );
    client.socket.destroy();
    return { status: Number(whole[1]), body: whole[2]! };
  }

  for (const [text, handled] of [
    ["GET /a?b=c HTTP/1.1\nHost: shop.example", "GET /a?b=c at shop.example"],
    ["GET /a HTTP/1.1\nHost: [2001:db8::1]:8080", "GET /a at [2001:db8::1]:8080"],
    ["GET /a HTTP/1.0", "GET /a at undefined"],
    ["GET /a HTTP/1.0\nHost: shop.example", "GET /a at shop.example"],
    ["GET http://shop.example/a?b=c HTTP/1.1\nHost: shop.example", "GET /a?b=c at shop.example"],
    ["GET HTTP://Shop.Example:80/a HTTP/1.1\nHost: shop.example", "GET /a at shop.example"],
    ["GET https://shop.example HTTP/1.1\nHost: shop.example:443", "GET / at shop.example:443"],
    ["GET http://shop.example?b HTTP/1.1\nHost: shop.example", "GET /?b at shop.example"],
    ["GET http://shop.example/a HTTP/1.0", "GET /a at shop.example"],
    ["OPTIONS * HTTP/1.1\nHost: shop.example", "OPTIONS * at shop.example"],
  ] as const) {
    it(`takes ${text.replace("\n", ", ")}`, async () => {
      expect(await say(text)).to.deep.equal({ status: 200, body: handled });
    });
  }

  for (const [text, field] of [
    ["GET /a HTTP/1.1", "Host"],
    ["GET /a HTTP/1.1\nHost: a\nhOST: a", "Host"],
    ["GET /a HTTP/1.0\nHost: a\nHost: b", "Host"],
    ["GET /a HTTP/1.1\nHost: a b", "Host"],
    ["GET /a HTTP/1.1\nHost: user@shop.example", "Host"],
    ["GET /a HTTP/1.1\nHost: shop.example/x", "Host"],
    ["GET /a HTTP/1.1\nHost: shop.example:80a", "Host"],
    ["GET http://evil.test/a HTTP/1.1\nHost: shop.example", "path"],
    ["GET http://shop.example:8080/a HTTP/1.1\nHost: shop.example", "path"],
    ["GET http://evil@shop.example/a HTTP/1.1\nHost: shop.example", "path"],
    ["GET http:///a HTTP/1.1\nHost:", "path"],
    ["GET http://user:pw@evil.test/a HTTP/1.0", "path"],
    ["GET http://shop.example:80a/a HTTP/1.0", "path"],
    ["GET http:///a HTTP/1.0", "path"],
    ["GET ftp://shop.example/a HTTP/1.1\nHost: shop.example", "path"],
    ["GET * HTTP/1.1\nHost: shop.example", "path"],
  ] as const) {
    it(`refuses ${text.replaceAll("\n", ", ")}`, async () => {
      const { status, body } = await say(text);
      const { code, errors } = JSON.parse(body);
      const found = [status, code, errors?.[0].field];
      // What is no URL at all, Node's parser refuses by itself.
      expect(found).to.be.deep.oneOf([
        [400, "INVALID_REQUEST", field],
        [400, "INVALID_REQUEST", undefined],
      ]);
    });
  }

  it("is refused with the path that it names, and counted", async () => {
    const { body } = await say("GET /a?secret=1 HTTP/1.1");
    expect(JSON.parse(body)).to.include({ instance: "/a", field: "Host", detail: "Host: must be sent" });
    const line = (await registry.metrics())
      .split("\n")
      .find((each) => each.startsWith("http_requests_unread"));
    expect(line).to.match(/^http_requests_unread_total\{code="INVALID_REQUEST"\} \d+$/);
  });
});
