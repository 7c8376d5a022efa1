import type { ServerResponse } from "node:http";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import { playUpstream } from "../../testkit/gateway-scene.ts";

const LIMIT = 65_536;

describe("Bodies that clients are still sending", function () {
  this.timeout(60_000);
  const scene = playUpstream();
  beforeEach(() =>
    scene.gatewayBefore(scene.cart.url, { bodiesTotalBytes: 4 * LIMIT, bodyTimeoutMs: 60_000 }),
  );

  const held = () => scene.gateway.metric("gateway_bodies_bytes");
  const refused = () => scene.gateway.metric("gateway_bodies_refused_total");
  function begin(head: string, body: string) {
    const client = scene.send(`POST /api/cart/items HTTP/1.1\n${head}`);
    scene.onClose(() => client.socket.destroy());
    client.socket.write(body);
    return client;
  }
  const half = () => begin(`Content-Length: ${LIMIT}`, "x".repeat(LIMIT - 1));

  it("cost memory by their bytes, not by their chunks", async () => {
    setFlagsFromString("--expose-gc");
    const gc = runInNewContext("gc") as () => void;
    const heap = () => {
      gc();
      return process.memoryUsage().heapUsed;
    };
    const before = heap();
    const chunks = "1\r\nx\r\n".repeat(LIMIT - 1);
    for (let bodies = 1; bodies <= 4; bodies++) {
      begin("Transfer-Encoding: chunked", chunks);
      await eventually("it is read", async () => (await held()) === bodies * LIMIT, { timeoutMs: 20_000 });
    }
    expect((heap() - before) / 4).to.be.lessThan(20 * LIMIT);
  });

  it("have so many bytes together; beyond, what has been coming for longest is refused with 503", async () => {
    const slow = [half()];
    for (let bodies = 1; bodies < 4; bodies++) {
      await eventually("they are read", async () => (await held()) >= bodies * (LIMIT - 1));
      slow.push(half());
    }
    await eventually("all are read", async () => (await held()) >= 4 * (LIMIT - 1));
    expect(await refused()).to.equal(0);
    slow.push(half());
    await eventually("the first is told", () => slow[0]!.closed());
    expect(slow[0]!.text()).to.match(
      /^HTTP\/1.1 503 [\s\S]*retry-after: 1[\s\S]*"code":"OUT_OF_BODY_MEMORY"/i,
    );
    expect((await scene.call("POST", `"${"x".repeat(10_000)}"`)).status).to.equal(200);
    await eventually("a second is told", () => slow[1]!.closed());
    expect(await refused()).to.equal(2);
    slow[4]!.socket.write("x");
    await eventually("a younger one is carried out", () => slow[4]!.text().startsWith("HTTP/1.1 200 "));
    expect(slow[2]!.text() + slow[3]!.text()).to.equal("");
  });

  it("are refused before those that are whole and wait for their answer", async () => {
    const waiting: ServerResponse[] = [];
    scene.answer = (_req, res) => void waiting.push(res);
    const whole = Array.from({ length: 4 }, () => scene.call("POST", "x".repeat(LIMIT)));
    await eventually("they wait", () => waiting.length === 4);
    expect((await scene.call("POST", "x".repeat(LIMIT))).body.code).to.equal("OUT_OF_BODY_MEMORY");
    expect(await refused()).to.equal(1);
    for (const res of waiting) res.end("{}");
    expect((await Promise.all(whole)).map(({ status }) => status)).to.deep.equal([200, 200, 200, 200]);
  });

  it("give their bytes back when they are answered, refused or given up", async () => {
    expect((await scene.call("POST", "x".repeat(LIMIT))).status).to.equal(200);
    const client = half();
    await eventually("it is read", async () => (await held()) >= LIMIT - 1);
    client.socket.destroy();
    await eventually("it is let go", async () => (await held()) === 0);
    const large = begin("Transfer-Encoding: chunked", `10000\r\n${"x".repeat(LIMIT)}\r\n1\r\nx\r\n`);
    await eventually("it is too large", () => large.text().startsWith("HTTP/1.1 413 "));
    expect(await held()).to.equal(0);
  });
});
