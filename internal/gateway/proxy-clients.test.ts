import { once } from "node:events";
import { Agent, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { expect } from "chai";
import { eventually } from "../testkit/eventually.ts";
import {
  type GatewayUnderTest,
  type RecordingUpstream,
  sendRaw,
  startGateway,
  startUpstream,
  testIssuer,
  userToken,
} from "../testkit/gateway.ts";
import { request } from "../testkit/shopper.ts";

describe("The gateway between its clients and an upstream", () => {
  let cart: RecordingUpstream;
  let gateway: GatewayUnderTest;
  let authorization: string;
  let answer: (req: IncomingMessage, res: ServerResponse) => void;
  const closes: (() => void)[] = [];
  beforeEach(async () => {
    answer = (_req, res) => res.end("{}");
    cart = await startUpstream((req, res) => answer(req, res));
    await gatewayBefore(cart.url);
  });
  afterEach(async () => {
    for (const close of closes.splice(0)) close();
    await gateway.close();
    await cart.close();
  });

  async function gatewayBefore(cartUrl: string, timeoutMs = 10_000): Promise<void> {
    const old = gateway;
    gateway = await startGateway({ cartUrl, timeoutMs });
    authorization = await gateway.guest();
    if (old) await old.close();
  }

  const call = (method = "GET", raw?: string) =>
    request(gateway.url, method, "/api/cart", {
      headers: { authorization },
      ...(raw !== undefined && { raw }),
    });
  const warnings = () => gateway.lines.filter(({ level }) => level !== "debug" && level !== "trace");
  const send = (head: string) =>
    sendRaw(gateway.port, `${head.trim()}\nHost: g\nAuthorization: ${authorization}\n\n`);

  /** A server that speaks no HTTP but what `talk` says. */
  async function tcpServer(talk: (socket: Socket) => void): Promise<{ url: string; server: Server }> {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      closes.push(() => socket.destroy());
      talk(socket);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    closes.push(() => server.close());
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
  }

  it("uses a connection again", async () => {
    let connections = 0;
    cart.server.on("connection", () => connections++);
    for (let i = 0; i < 10; i++) await call(i % 2 ? "DELETE" : "GET");
    expect(connections).to.equal(1);
  });

  it("keeps the connection of a client that keeps its own, and closes that of one that does not", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    closes.push(() => agent.destroy());
    answer = (_req, res) => res.writeHead(200, { connection: "close" }).end("{}");
    const reused: boolean[] = [];
    for (let i = 0; i < 3; i++) {
      const req = httpRequest(`${gateway.url}/api/cart`, { agent, headers: { authorization } }).end();
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
    answer = (_req, res) => void held.push(res);
    const clients = Array.from({ length: 700 }, async () => (await call()).status);
    const known = async () =>
      (await gateway.metric('gateway_token_cache_total{result="hit"}')) +
      (await gateway.metric('gateway_token_cache_total{result="miss"}'));
    await eventually("all are at the gateway", async () => (await known()) === 700);
    await eventually("512 are at the cart", () => held.length >= 512);
    const connections = await new Promise((resolve) => cart.server.getConnections((_, n) => resolve(n)));
    expect([held.length, connections]).to.deep.equal([512, 512]);
    answer = (_req, res) => res.end("{}");
    for (const res of held) res.end("{}");
    expect(new Set(await Promise.all(clients))).to.deep.equal(new Set([200]));
  });

  it("when the client goes away while it waits: the upstream's request is ended, and nothing is logged", async () => {
    let ended = 0;
    answer = (req) => void req.socket.once("close", () => ended++);
    const clients = Array.from({ length: 20 }, () => send("GET /api/cart HTTP/1.1"));
    await eventually("all arrived", () => cart.asked.length === 20);
    for (const { socket } of clients) socket.destroy();
    await eventually("all ended", () => ended === 20);
    await noConnections();
    expect(warnings()).to.deep.equal([]);
  });

  it("when the client goes away in the middle of an answer: the upstream stops being read", async () => {
    let stopped = 0;
    answer = (_req, res) => {
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

  it("when the client goes away in the middle of its body: the upstream is not given half for the whole", async () => {
    const parts: string[] = [];
    const upstream = await tcpServer((socket) => {
      socket.on("data", (data) => parts.push(String(data)));
      socket.on("close", () => parts.push("closed"));
    });
    await gatewayBefore(upstream.url);
    const clients = Array.from({ length: 5 }, () => {
      const head = `POST /api/cart HTTP/1.1\nContent-Length: 10\nHost: g\nAuthorization: ${authorization}\n\nhalf`;
      return sendRaw(gateway.port, head);
    });
    await eventually("all arrived", () => parts.join("").split("half").length === 6);
    for (const { socket } of clients) socket.destroy();
    await eventually("all ended", () => parts.filter((part) => part === "closed").length === 5);
    expect(warnings()).to.deep.equal([]);
  });

  it("when the client went away while its token was verified: no connection is held for it", async () => {
    let askedForKeys: ServerResponse | undefined;
    const issuer = await startUpstream((_req, res) => {
      askedForKeys = res;
    });
    const old = gateway;
    gateway = await startGateway({ cartUrl: cart.url, keys: new URL(issuer.url) });
    await old.close();
    const alice = await testIssuer();
    let connections = 0;
    cart.server.on("connection", () => connections++);
    authorization = `Bearer ${await userToken(alice, "alice")}`;
    const client = send("GET /api/cart HTTP/1.1");
    await eventually("the keys were asked for", () => askedForKeys);
    client.socket.destroy();
    await eventually("the gateway saw it", async () => {
      const aborted = 'http_request_duration_seconds_count{route="unmatched",method="GET",status="aborted"}';
      return (await gateway.metric(aborted)) === 1;
    });
    askedForKeys?.end(JSON.stringify(alice.jwks));
    expect((await call()).status, "the keys have come").to.equal(200);
    expect(connections, "only for the later request").to.equal(1);
    await issuer.close();
  });

  /** Resolves when the upstream has no connection left that is in use. */
  async function noConnections(): Promise<void> {
    await eventually("no connection is left", async () => {
      cart.server.closeIdleConnections();
      const count = await new Promise((resolve) => cart.server.getConnections((_, n) => resolve(n)));
      return count === 0;
    });
  }
});
