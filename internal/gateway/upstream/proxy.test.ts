import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import { playUpstream } from "../../testkit/gateway-scene.ts";
import { sendRaw } from "../../testkit/raw-client.ts";
import { freePort } from "../../testkit/servers/free-port.ts";

describe("The gateway and an upstream", () => {
  const scene = playUpstream();
  const { call, warnings, send, tcpServer, gatewayBefore, onClose } = scene;

  it("that nobody runs: 502, to be tried again in a second, logged once", async () => {
    await gatewayBefore(`http://127.0.0.1:${await freePort()}`);
    for (const method of ["GET", "POST"]) {
      scene.gateway.lines.length = 0;
      const { status, headers, body } = await call(method, method === "POST" ? "{}" : undefined);
      expect([status, headers.get("retry-after")]).to.deep.equal([502, "1"]);
      expect(headers.get("content-type")).to.match(/^application\/problem\+json/);
      expect(body).to.include({ code: "UPSTREAM_UNAVAILABLE", instance: "/api/cart" });
      expect(JSON.stringify(body)).not.to.include("ECONNREFUSED");
      const failed = warnings().filter(({ msg }) => msg === "upstream failed");
      expect(failed.map(({ level }) => level)).to.deep.equal(["warn"]);
      expect(failed[0]).to.include({ upstream: "cart", timedOut: false });
      expect(failed[0]?.requestId).to.equal(headers.get("x-request-id"));
    }
  });

  it("that hangs up instead of answering: 502; a read was asked twice, a change once", async () => {
    scene.answer = (req) => req.socket.destroy();
    for (const [method, times] of [
      ["GET", 2],
      ["POST", 1],
    ] as const) {
      scene.cart.asked.length = 0;
      expect((await call(method)).status, method).to.equal(502);
      expect(scene.cart.asked.length, method).to.equal(times);
    }
  });

  it("that talks no HTTP: 502", async () => {
    await gatewayBefore((await tcpServer((socket) => socket.end("220 smtp.test ESMTP\r\n"))).url);
    expect((await call()).status).to.equal(502);
  });

  /** A connection is kept, and closed at the next request; every one after that is answered. */
  async function closingKeptConnection(): Promise<void> {
    scene.answer = (_req, res) => res.end("{}");
    await call();
    scene.cart.asked.length = 0;
    let first = true;
    scene.answer = (req, res) => {
      if (!first) return res.end("{}");
      first = false;
      return req.socket.resetAndDestroy();
    };
  }

  it("that closed a kept connection in that moment: what changes nothing or comes to the same is asked again", async () => {
    for (const [method, status, times] of [
      ["GET", 200, 2],
      ["HEAD", 200, 2],
      ["DELETE", 200, 2],
      ["POST", 502, 1],
    ] as const) {
      await closingKeptConnection();
      const response = await fetch(`${scene.gateway.url}/api/cart`, {
        method,
        headers: { authorization: scene.authorization },
      });
      expect([response.status, scene.cart.asked.length], method).to.deep.equal([status, times]);
      await response.arrayBuffer();
    }
  });

  it("that closed a kept connection in that moment: what may be repeated is, with its whole body", async () => {
    for (const [method, headers] of [
      ["POST", { "idempotency-key": "k-1" }],
      ["POST", { "idempotency-key": "k-2", "if-match": '"3"' }],
    ] as const) {
      await closingKeptConnection();
      expect((await call(method, '{"quantity":2}', headers)).status).to.equal(200);
      expect(scene.cart.asked.map(({ body }) => body)).to.deep.equal(['{"quantity":2}', '{"quantity":2}']);
    }
    scene.cart.asked.length = 0;
    scene.answer = (req) => req.socket.resetAndDestroy();
    expect((await call("POST", "{}", { "if-match": '"3"' })).status, "it could become a false 412").to.equal(
      502,
    );
    expect(scene.cart.asked.length).to.equal(1);
  });

  it("that does not answer in time: 504, and its request is ended", async () => {
    let ended = false;
    scene.answer = (req) => {
      req.socket.once("close", () => {
        ended = true;
      });
    };
    await gatewayBefore(scene.cart.url, { timeoutMs: 100 });
    const { status, body, headers } = await call("POST", "{}");
    expect([status, body.code]).to.deep.equal([504, "UPSTREAM_TIMEOUT"]);
    expect(headers.get("content-type")).to.match(/^application\/problem\+json/);
    await eventually("the request ended upstream", () => ended);
    expect(warnings().map(({ msg, timedOut }) => [msg, timedOut])).to.deep.equal([["upstream failed", true]]);
    expect(scene.cart.asked.length).to.equal(1);
  });

  it("over a connection kept from an earlier request: its time begins with the request", async () => {
    // The rest of it is for a busy machine.
    const timeoutMs = 2_500;
    await gatewayBefore(scene.cart.url, { timeoutMs });
    expect((await call()).status).to.equal(200);
    await delay(timeoutMs * 0.6);
    const client = sendRaw(
      scene.gateway.port,
      `POST /api/cart HTTP/1.1\nHost: g\nAuthorization: ${scene.authorization}\nContent-Length: 2\n\n`,
    );
    await delay(timeoutMs * 0.6);
    client.socket.write("{}");
    await eventually("it is answered", () => client.text().length > 0);
    expect(client.text()).to.match(/^HTTP\/1.1 200/);
  });

  it("that would close kept connections soon: the next request still has its own time", async () => {
    scene.answer = (_req, res) => {
      // Node takes a second off it, so that a connection is not used as it closes.
      res.setHeader("keep-alive", "timeout=2");
      setTimeout(() => res.end("{}"), scene.cart.asked.length > 1 ? 1_300 : 0);
    };
    expect((await call()).status).to.equal(200);
    expect((await call()).status).to.equal(200);
  });

  it("that stops in the middle of an answer: the client's connection is cut in time", async () => {
    scene.answer = (_req, res) => {
      res.writeHead(200, { "content-length": 10 });
      res.write("half");
    };
    await gatewayBefore(scene.cart.url, { timeoutMs: 100 });
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
    onClose(() => blocked.child.kill("SIGKILL"));
    await gatewayBefore(`http://127.0.0.1:${blocked.port}`, { timeoutMs: 200 });
    expect((await call()).status).to.equal(504);
  });

  for (const [kind, head] of [
    ["announced", { "content-length": "10" }],
    ["chunked", {}],
  ] as const) {
    it(`that dies in the middle of an ${kind} answer: the client does not take half for the whole`, async () => {
      scene.answer = (_req, res) => {
        res.writeHead(200, { "content-type": "text/plain", ...head });
        res.write("half", () => setImmediate(() => res.socket?.destroy()));
      };
      const client = send("GET /api/cart HTTP/1.1");
      await eventually("the connection was cut", () => client.closed());
      expect(client.text()).to.match(/^HTTP\/1.1 200 /);
      expect(client.text()).not.to.match(/\r\n0\r\n\r\n$/);
      const read = await fetch(`${scene.gateway.url}/api/cart`, {
        headers: { authorization: scene.authorization },
      })
        .then((response) => response.text())
        .catch(() => "failed");
      expect(read, "an HTTP client notices").to.equal("failed");
    });
  }

  it("that dies in the middle of an answer is logged once, and the gateway goes on", async () => {
    scene.answer = (_req, res) => {
      res.writeHead(200, { "content-length": "10" });
      res.write("half", () => setImmediate(() => res.socket?.destroy()));
    };
    const client = send("GET /api/cart HTTP/1.1");
    await eventually("the connection was cut", () => client.closed());
    scene.answer = (_req, res) => res.end("{}");
    expect((await call()).status).to.equal(200);
    expect(warnings().map(({ level, msg, diedAnswering }) => [level, msg, diedAnswering])).to.deep.equal([
      ["warn", "upstream failed", true],
    ]);
    const aborted = 'http_request_duration_seconds_count{route="/api/cart",method="GET",status="aborted"}';
    expect(await scene.gateway.metric(aborted)).to.equal(1);
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
