import { promisify } from "node:util";
import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import { playUpstream } from "../../testkit/gateway-scene.ts";

/** More than the gateway has connections to an upstream. */
const SLOW = 530;

describe("Clients that let their bodies trickle", function () {
  this.timeout(120_000);
  const scene = playUpstream();

  it("hold no connection to the cart, so that others are served", async () => {
    const connections = { total: 10_000, perAddress: 10_000, isExempt: () => false };
    await scene.gatewayBefore(scene.cart.url, { connections, bodyTimeoutMs: 600_000 });
    const half = (i: number) =>
      i % 2 === 0
        ? scene.send("POST /api/cart/items HTTP/1.1\nContent-Length: 100", '{"quantity"')
        : scene.send("POST /api/cart/items HTTP/1.1\nTransfer-Encoding: chunked", '5\n{"qua\n');
    const slow = Array.from({ length: SLOW }, (_, i) => half(i));
    scene.onClose(() => {
      for (const { socket } of slow) socket.destroy();
    });
    await eventually(
      "all are connected",
      async () => (await scene.gateway.metric("http_connections")) === SLOW,
      { timeoutMs: 60_000 },
    );
    expect((await scene.call()).status).to.equal(200);
    expect((await scene.call("POST", "{}")).status).to.equal(200);
    const { server } = scene.cart;
    expect(await promisify(server.getConnections.bind(server))()).to.be.at.most(2);
    expect(scene.cart.asked).to.have.length(2);
    expect(slow.filter((client) => client.closed() || client.text() !== "")).to.deep.equal([]);
  });
});
