import { once } from "node:events";
import { Agent, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import { playUpstream } from "../../testkit/gateway-scene.ts";
import { startUpstream } from "../../testkit/recording-upstream.ts";
import { testIssuer, userToken } from "../../testkit/test-issuer.ts";

describe("The gateway between its clients and an upstream", () => {
  const scene = playUpstream();
  const { call, warnings, send, gatewayBefore, onClose } = scene;

  it("uses a connection again", async () => {
    let connections = 0;
    scene.cart.server.on("connection", () => connections++);
    for (let i = 0; i < 10; i++) await call(i % 2 ? "DELETE" : "GET");
    expect(connections).to.equal(1);
  });

  it("keeps the connection of a client that keeps its own, and closes that of one that does not", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onClose(() => agent.destroy());
    scene.answer = (_req, res) => res.writeHead(200, { connection: "close" }).end("{}");
    const reused: boolean[] = [];
    for (let i = 0; i < 3; i++) {
      const req = httpRequest(`${scene.gateway.url}/api/cart`, {
        agent,
        headers: { authorization: scene.authorization },
      }).end();
      const [res] = (await once(req, "response")) as [IncomingMessage];
      reused.push(req.reusedSocket);
      await once(res.resume(), "end");
    }
    expect(reused).to.deep.equal([false, true, true]);
    for (const head of ["GET /api/cart HTTP/1.1\nConnection: close", "GET /api/cart HTTP/1.0"]) {
      const client = send(head);
      await eventually("it was closed", () => client.closed());
      expect(client.text(), head).to.match(/connection: close/i);
    }
  });

  it("asks for no more than 512 connections, and serves everyone", async function () {
    this.timeout(60_000);
    const held: ServerResponse[] = [];
    scene.answer = (_req, res) => void held.push(res);
    const clients = Array.from({ length: 700 }, async () => (await call()).status);
    await eventually("all are at the gateway", async () => (await tokensSeen()) === 700);
    await eventually("512 are at the cart", () => held.length >= 512);
    const connections = await new Promise((resolve) =>
      scene.cart.server.getConnections((_, n) => resolve(n)),
    );
    expect([held.length, connections]).to.deep.equal([512, 512]);
    scene.answer = (_req, res) => res.end("{}");
    for (const res of held) res.end("{}");
    expect(new Set(await Promise.all(clients))).to.deep.equal(new Set([200]));
  });

  it("when the client goes away while it waits: the upstream's request is ended, and nothing is logged", async () => {
    let ended = 0;
    scene.answer = (req) => void req.socket.once("close", () => ended++);
    const clients = Array.from({ length: 20 }, () => send("GET /api/cart HTTP/1.1"));
    await eventually("all arrived", () => scene.cart.asked.length === 20);
    for (const { socket } of clients) socket.destroy();
    await eventually("all ended", () => ended === 20);
    await noConnections();
    expect(warnings()).to.deep.equal([]);
  });

  it("when the client goes away in the middle of an answer: the upstream stops being read", async () => {
    let stopped = 0;
    scene.answer = (_req, res) => {
      res.writeHead(200);
      const timer = setInterval(() => res.write("x".repeat(100_000)), 5);
      res.once("close", () => {
        clearInterval(timer);
        stopped++;
      });
    };
    const clients = Array.from({ length: 20 }, () => send("GET /api/cart HTTP/1.1"));
    await eventually("all began", () => clients.every((client) => client.text().length > 1_000));
    for (const { socket } of clients) socket.destroy();
    await eventually("all stopped", () => stopped === 20);
    await noConnections();
    expect(warnings()).to.deep.equal([]);
  });

  it("whose bodies stall: no connection is held for them, and others' requests pass", async () => {
    let connections = 0;
    scene.cart.server.on("connection", () => connections++);
    const clients = Array.from({ length: 600 }, (_, i) =>
      i % 2
        ? send("POST /api/cart HTTP/1.1\nContent-Length: 10", "half")
        : send("POST /api/cart HTTP/1.1\nTransfer-Encoding: chunked", "4\nhalf\n"),
    );
    await eventually("all are at the gateway", async () => (await tokensSeen()) === 600);
    expect((await call()).status).to.equal(200);
    expect([connections, scene.cart.asked.length]).to.deep.equal([1, 1]);
    for (const { socket } of clients) socket.destroy();
    await eventually("all went", async () => {
      const aborted = 'http_request_duration_seconds_count{route="/api/cart",method="POST",status="aborted"}';
      return (await scene.gateway.metric(aborted)) === 600;
    });
    expect(scene.cart.asked.length, "half was never told").to.equal(1);
    expect(warnings()).to.deep.equal([]);
  });

  it("when the client went away while its token was verified: no connection is held for it", async () => {
    let askedForKeys: ServerResponse | undefined;
    const issuer = await startUpstream((_req, res) => {
      askedForKeys = res;
    });
    await gatewayBefore(scene.cart.url, { keys: new URL(issuer.url) });
    const alice = await testIssuer();
    let connections = 0;
    scene.cart.server.on("connection", () => connections++);
    scene.authorization = `Bearer ${await userToken(alice, "alice")}`;
    const client = send("GET /api/cart HTTP/1.1");
    await eventually("the keys were asked for", () => askedForKeys);
    client.socket.destroy();
    await eventually("the gateway saw it", async () => {
      const aborted = 'http_request_duration_seconds_count{route="/api/cart",method="GET",status="aborted"}';
      return (await scene.gateway.metric(aborted)) === 1;
    });
    askedForKeys?.end(JSON.stringify(alice.jwks));
    expect((await call()).status, "the keys have come").to.equal(200);
    expect(connections, "only for the later request").to.equal(1);
    await issuer.close();
  });

  /** How many requests with a token have come to the gateway. */
  async function tokensSeen(): Promise<number> {
    const seen = (result: string) => scene.gateway.metric(`gateway_token_cache_total{result="${result}"}`);
    return (await seen("hit")) + (await seen("miss"));
  }

  /** Resolves when the upstream has no connection left that is in use. */
  async function noConnections(): Promise<void> {
    await eventually("no connection is left", async () => {
      scene.cart.server.closeIdleConnections();
      const count = await new Promise((resolve) => scene.cart.server.getConnections((_, n) => resolve(n)));
      return count === 0;
    });
  }
});
