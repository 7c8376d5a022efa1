import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import { type HttpServer, listen } from "./server.ts";

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

  async function client() {
    const socket = connect(server.port, "127.0.0.1");
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
    return { ask, text: () => text, closed: () => closed };
  }

  it("listens on a free port when asked for 0", async () => {
    expect(server.port).to.be.greaterThan(0);
    expect(await (await fetch(`http://127.0.0.1:${server.port}/`)).text()).to.equal("done");
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

  it("closing, lets connections go that nobody uses", async () => {
    const used = await client();
    used.ask("/");
    await eventually("an answer", () => used.text().endsWith("done"));
    const unused = await client();
    await server.close();
    await eventually("both closed", () => used.closed() && unused.closed());
  });

  it("refuses more headers than it reads", async () => {
    const headers = Object.fromEntries(Array.from({ length: 120 }, (_, i) => [`x-${i}`, "1"]));
    const { status } = await fetch(`http://127.0.0.1:${server.port}/`, { headers });
    expect(status).to.equal(431);
  });
});
