import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { eventually } from "../testkit/eventually.ts";
import {
  type GatewayUnderTest,
  type RecordingUpstream,
  sendRaw,
  startGateway,
  startUpstream,
} from "../testkit/gateway.ts";
import { freePort } from "../testkit/servers/free-port.ts";
import { request } from "../testkit/shopper.ts";

describe("The gateway and an upstream", () => {
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

  it("that nobody runs: 502, to be tried again in a second, logged once", async () => {
    await gatewayBefore(`http://127.0.0.1:${await freePort()}`);
    for (const method of ["GET", "POST"]) {
      gateway.lines.length = 0;
      const { status, headers, body } = await call(method, method === "POST" ? "{}" : undefined);
      expect([status, headers.get("retry-after")]).to.deep.equal([502, "1"]);
      expect(headers.get("content-type")).to.match(/^application\/problem\+json/);
      expect(body).to.include({ code: "UPSTREAM_UNAVAILABLE", instance: "/api/cart" });
      expect(JSON.stringify(body)).not.to.include("ECONNREFUSED");
      expect(warnings().map(({ msg, level }) => [level, msg])).to.deep.equal([["warn", "upstream failed"]]);
      expect(warnings()[0]).to.include({ upstream: "/api/cart", timedOut: false });
      expect(warnings()[0]?.requestId).to.equal(headers.get("x-request-id"));
    }
  });

  it("that hangs up instead of answering: 502, asked once only", async () => {
    answer = (req) => req.socket.destroy();
    for (const method of ["GET", "POST"]) {
      cart.asked.length = 0;
      expect((await call(method)).status, method).to.equal(502);
      expect(cart.asked.length).to.equal(1);
    }
  });

  it("that talks no HTTP: 502", async () => {
    await gatewayBefore((await tcpServer((socket) => socket.end("220 smtp.test ESMTP\r\n"))).url);
    expect((await call()).status).to.equal(502);
  });

  it("that closed a kept connection in that moment: a read is asked again, a change is not", async () => {
    for (const [method, status, times] of [
      ["GET", 200, 2],
      ["HEAD", 200, 2],
      ["DELETE", 502, 1],
      ["POST", 502, 1],
    ] as const) {
      answer = (_req, res) => res.end("{}");
      await call();
      cart.asked.length = 0;
      let first = true;
      answer = (req, res) => {
        if (!first) return res.end("{}");
        first = false;
        return req.socket.resetAndDestroy();
      };
      const response = await fetch(`${gateway.url}/api/cart`, { method, headers: { authorization } });
      expect([response.status, cart.asked.length], method).to.deep.equal([status, times]);
      await response.arrayBuffer();
    }
  });

  it("that does not answer in time: 504, and its request is ended", async () => {
    let ended = false;
    answer = (req) => {
      req.socket.once("close", () => {
        ended = true;
      });
    };
    await gatewayBefore(cart.url, 100);
    const { status, body, headers } = await call("POST", "{}");
    expect([status, body.code]).to.deep.equal([504, "UPSTREAM_TIMEOUT"]);
    expect(headers.get("content-type")).to.match(/^application\/problem\+json/);
    await eventually("the request ended upstream", () => ended);
    expect(warnings().map(({ msg, timedOut }) => [msg, timedOut])).to.deep.equal([["upstream failed", true]]);
    expect(cart.asked.length).to.equal(1);
  });

  it("over a connection kept from an earlier request: its time begins with the request", async () => {
    const timeoutMs = 600;
    await gatewayBefore(cart.url, timeoutMs);
    expect((await call()).status).to.equal(200);
    await delay(timeoutMs * 0.7);
    const client = sendRaw(
      gateway.port,
      `POST /api/cart HTTP/1.1\nHost: g\nAuthorization: ${authorization}\nContent-Length: 2\n\n`,
    );
    await delay(timeoutMs * 0.6);
    client.socket.write("{}");
    await eventually("it is answered", () => client.text().length > 0);
    expect(client.text()).to.match(/^HTTP\/1.1 200/);
  });

  it("that would close kept connections soon: the next request still has its own time", async () => {
    answer = (_req, res) => {
      // Node takes a second off it, so that a connection is not used as it closes.
      res.setHeader("keep-alive", "timeout=2");
      setTimeout(() => res.end("{}"), cart.asked.length > 1 ? 1_300 : 0);
    };
    expect((await call()).status).to.equal(200);
    expect((await call()).status).to.equal(200);
  });

  it("that stops in the middle of an answer: the client's connection is cut in time", async () => {
    answer = (_req, res) => {
      res.writeHead(200, { "content-length": 10 });
      res.write("half");
    };
    await gatewayBefore(cart.url, 100);
    const client = send("GET /api/cart HTTP/1.1");
    await eventually("the connection was cut", () => client.closed());
    expect(client.text()).to.match(/half$/);
  });

  it("that cannot even be connected to in time: 504", async () => {
    if (process.platform !== "linux") {
      console.log("      not run: a full backlog drops connections on Linux only");
      return;
    }
    const blocked = await deafServer();
    closes.push(() => blocked.child.kill("SIGKILL"));
    await gatewayBefore(`http://127.0.0.1:${blocked.port}`, 200);
    expect((await call()).status).to.equal(504);
  });

  for (const [kind, head] of [
    ["announced", { "content-length": "10" }],
    ["chunked", {}],
  ] as const) {
    it(`that dies in the middle of an ${kind} answer: the client does not take half for the whole`, async () => {
      answer = (_req, res) => {
        res.writeHead(200, { "content-type": "text/plain", ...head });
        res.write("half", () => setImmediate(() => res.socket?.destroy()));
      };
      const client = send("GET /api/cart HTTP/1.1");
      await eventually("the connection was cut", () => client.closed());
      expect(client.text()).to.match(/^HTTP\/1.1 200 /);
      expect(client.text()).not.to.match(/\r\n0\r\n\r\n$/);
      const read = await fetch(`${gateway.url}/api/cart`, { headers: { authorization } })
        .then((response) => response.text())
        .catch(() => "failed");
      expect(read, "an HTTP client notices").to.equal("failed");
    });
  }

  it("that dies in the middle of an answer is logged once, and the gateway goes on", async () => {
    answer = (_req, res) => {
      res.writeHead(200, { "content-length": "10" });
      res.write("half", () => setImmediate(() => res.socket?.destroy()));
    };
    const client = send("GET /api/cart HTTP/1.1");
    await eventually("the connection was cut", () => client.closed());
    answer = (_req, res) => res.end("{}");
    expect((await call()).status).to.equal(200);
    expect(warnings().map(({ level, msg, diedAnswering }) => [level, msg, diedAnswering])).to.deep.equal([
      ["warn", "upstream failed", true],
    ]);
    const aborted = 'http_request_duration_seconds_count{route="/api/cart",method="GET",status="aborted"}';
    expect(await gateway.metric(aborted)).to.equal(1);
  });

  it("that answers before it has read the body: the answer arrives", async () => {
    const early = await tcpServer((socket) => {
      socket.once("data", () =>
        socket.write("HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"),
      );
    });
    await gatewayBefore(early.url);
    expect((await call("POST", "x".repeat(60_000))).status).to.equal(401);
  });
});

/** A server in another process that listens and never accepts, with its backlog full. */
async function deafServer(): Promise<{ port: number; child: ChildProcess }> {
  const script = `const s = require("net").createServer();
    s.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
      require("fs").writeSync(1, String(s.address().port));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  const [data] = await once(child.stdout!, "data");
  const port = Number(data);
  await eventually("the backlog is full", async () => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    const connected = await Promise.race([
      once(socket, "connect").then(() => true),
      new Promise((resolve) => setTimeout(resolve, 200, false)),
    ]);
    if (!connected) socket.destroy();
    else child.once("exit", () => socket.destroy());
    return !connected;
  });
  return { port, child };
}
