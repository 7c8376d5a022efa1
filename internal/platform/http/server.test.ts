import { once } from "node:events";
import type { RequestListener, ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import { type HttpServer, listen, PATIENCE, type Patience } from "./server.ts";

describe("An HTTP server", () => {
  let server: HttpServer;
  let waiting: ServerResponse[];
  const sockets: Socket[] = [];
  beforeEach(async () => {
    waiting = [];
    server = await listen(
      (req, res) => {
        if (req.url === "/wait") waiting.push(res);
        else res.end("done");
      },
      { host: "127.0.0.1", port: 0 },
    );
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await server.close();
  });

  async function client(port = server.port) {
    const socket = connect(port, "127.0.0.1");
    sockets.push(socket);
    let text = "";
    let closed = false;
    socket.on("data", (data) => (text += data));
    socket.on("error", () => {});
    socket.on("close", () => {
      closed = true;
    });
    await once(socket, "connect");
    const ask = (path: string) => socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    return { socket, ask, text: () => text, closed: () => closed };
  }

  it("listens on a free port when asked for 0", async () => {
    expect(server.port).to.be.greaterThan(0);
    expect(await (await fetch(`http://127.0.0.1:${server.port}/`)).text()).to.equal("done");
  });

  it("announces less time to clients than it keeps a connection for", async () => {
    const brief = await listen((_req, res) => res.end("done"), {
      host: "127.0.0.1",
      port: 0,
      patience: { ...PATIENCE, headersMs: 60_000, requestMs: 60_000 },
    });
    const { headers } = await fetch(`http://127.0.0.1:${brief.port}/`);
    expect(headers.get("keep-alive")).to.equal("timeout=5");
    await brief.close();
  });

  it("fails to start on a taken port", async () => {
    const failed = await listen(() => {}, { host: "127.0.0.1", port: server.port }).catch(
      (error) => error.code,
    );
    expect(failed).to.equal("EADDRINUSE");
  });

  it("closing, answers what it accepted, and takes no new connection", async () => {
    const one = await client();
    one.ask("/wait");
    await eventually("it arrived", () => waiting.length === 1);
    let closed = false;
    const closing = server.close().then(() => {
      closed = true;
    });
    await eventually("new connections are refused", async () => {
      const socket = connect(server.port, "127.0.0.1");
      sockets.push(socket);
      return once(socket, "connect").then(
        () => false,
        (error) => error.code === "ECONNREFUSED",
      );
    });
    expect(closed).to.equal(false);
    waiting[0]?.end("late");
    await closing;
    await eventually("the answer came", () => one.text().endsWith("late"));
    await eventually("the connection closed", () => one.closed());
  });

  it("closing, answers a request that was on its way on a kept connection, and says that it was the last", async () => {
    const one = await client();
    one.ask("/");
    await eventually("an answer", () => one.text().endsWith("done"));
    const closing = server.close();
    one.ask("/");
    await eventually("another answer", () => one.text().split("HTTP/1.1 200 OK").length === 3);
    expect(one.text()).to.match(/connection: close/i);
    await closing;
    expect(one.closed()).to.equal(true);
  });

  it("retired, still takes connections, and says with each answer that it was the last", async () => {
    const [kept, underWay] = [await client(), await client()];
    kept.ask("/");
    underWay.ask("/wait");
    await eventually("an answer", () => kept.text().endsWith("done") && waiting.length === 1);
    expect(kept.text()).not.to.match(/connection: close/i);
    server.retire();
    const fresh = await client();
    kept.ask("/");
    fresh.ask("/");
    waiting[0]!.end("done");
    await eventually("all are closed", () => [kept, fresh, underWay].every((one) => one.closed()));
    for (const one of [kept, fresh, underWay]) expect(one.text()).to.match(/connection: close[\s\S]*done$/i);
  });

  it("closing, resets no connection whose request arrived while the process was busy", async () => {
    const kept = await Promise.all(Array.from({ length: 20 }, () => client()));
    for (const one of kept) one.ask("/");
    await eventually("all are answered", () => kept.every((one) => one.text().endsWith("done")));
    const closing = server.close();
    await new Promise<void>((resolve) =>
      // Node runs timers after this, and only then looks at its sockets; by then idle ones are due.
      setImmediate(() => {
        for (const one of kept) one.ask("/");
        const until = performance.now() + 700;
        while (performance.now() < until);
        resolve();
      }),
    );
    await closing;
    await eventually("all are closed", () => kept.every((one) => one.closed()));
    for (const one of kept) expect(one.text().split("done")).to.have.length(3);
  });

  it("closing, lets connections go that nobody uses", async () => {
    const used = await client();
    used.ask("/");
    await eventually("an answer", () => used.text().endsWith("done"));
    const unused = await client();
    await server.close();
    await eventually("both closed", () => used.closed() && unused.closed());
  });

  describe("with little patience", () => {
    let brief: HttpServer;
    afterEach(() => brief.close());

    /** A server whose only short bounds are those given; `eventually` does not wait for the others. */
    const withPatience = async (short: Partial<Patience>) => {
      const long = { headersMs: 60_000, requestMs: 60_000, keepAliveMs: 60_000, answerMs: 60_000 };
      const patience = { ...long, ...short };
      const answer: RequestListener = (req, res) => void req.resume().once("end", () => res.end("done"));
      brief = await listen(answer, { host: "127.0.0.1", port: 0, patience });
    };

    const slow = async (text: string) => {
      const one = await client(brief.port);
      one.socket.write(text);
      await eventually("it is cut off", () => one.closed());
      return { text: one.text() };
    };

    it("answers 408 to headers that do not come, long before a body would have to be there", async () => {
      await withPatience({ headersMs: 200 });
      const { text } = await slow("POST / HTTP/1.1\r\nHost: x\r\nX-More: ");
      expect(text).to.match(
        /^HTTP\/1.1 408 [\s\S]*application\/problem\+json[\s\S]*"code":"REQUEST_TIMEOUT"/,
      );
    });

    it("answers 408 to a body that does not come", async () => {
      // Node takes the shorter of the two for the headers.
      await withPatience({ headersMs: 200, requestMs: 600 });
      const { text } = await slow("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf");
      expect(text).to.match(/^HTTP\/1.1 408 [\s\S]*"code":"REQUEST_TIMEOUT"/);
    });

    it("lets a connection go that nobody uses any more", async () => {
      await withPatience({ keepAliveMs: 300 });
      const { text } = await slow("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      expect(text).to.match(/^HTTP\/1.1 200 [\s\S]*done$/);
    });
  });

  it("answers what is no HTTP with a problem, and closes", async () => {
    for (const [text, status, code] of [
      ["hello\r\n\r\n", 400, "INVALID_REQUEST"],
      ["GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, "INVALID_REQUEST"],
      [`GET / HTTP/1.1\r\nHost: x\r\nx: ${"y".repeat(20_000)}\r\n\r\n`, 431, "HEADERS_TOO_LARGE"],
      ["GET / HTTP/1.1\r\nHost: x\r\nExpect: a-miracle\r\n\r\n", 417, "EXPECTATION_FAILED"],
    ] as const) {
      const one = await client();
      one.socket.write(text);
      await eventually("it is closed", () => one.closed());
      const [head, body] = one.text().split("\r\n\r\n");
      expect(head).to.match(new RegExp(`^HTTP/1.1 ${status} `));
      expect(JSON.parse(body!)).to.include({ status, code });
    }
  });

  it("refuses more headers than it reads", async () => {
    const headers = Object.fromEntries(Array.from({ length: 120 }, (_, i) => [`x-${i}`, "1"]));
    const { status } = await fetch(`http://127.0.0.1:${server.port}/`, { headers });
    expect(status).to.equal(431);
  });
});
