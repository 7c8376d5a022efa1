import { once } from "node:events";
import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import { Registry } from "../metrics/metrics.ts";
import { answerParserFaults } from "./parser-faults.ts";
import { type HttpServer, listen, PATIENCE } from "./server.ts";
import { createTurns } from "./turns.ts";

const LARGE = "x".repeat(16_000_000);

describe("Requests of one connection", function () {
  this.timeout(60_000);
  let server: HttpServer;
  let registry: Registry;
  let begun: string[];
  let waiting: ServerResponse[];
  const sockets: Socket[] = [];
  const bareServers: Server[] = [];
  beforeEach(async () => {
    [begun, waiting, registry] = [[], [], new Registry()];
    server = await listen(
      (req, res) => {
        begun.push(req.url!);
        if (req.url === "/wait") waiting.push(res);
        else if (req.url === "/large") res.end(LARGE);
        else if (req.method === "POST") req.on("data", () => {}).once("end", () => res.end("read"));
        else res.end(`done ${req.url}`);
      },
      {
        host: "127.0.0.1",
        port: 0,
        told: { registry, log: recordingLogger().log },
        patience: { ...PATIENCE, headersMs: 500, requestMs: 500, answerMs: 1_500 },
      },
    );
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const bare of bareServers.splice(0)) bare.close().closeAllConnections();
    await server.close();
  });

  /** A server of Node's with nothing but turns, for tests that look into it. */
  async function bareServer(handle: RequestListener) {
    const own = createServer().listen(0, "127.0.0.1");
    bareServers.push(own);
    const turns = createTurns(handle, () => {});
    own.on("request", turns.take);
    answerParserFaults(own, turns, () => {});
    await once(own, "listening");
    return { own, turns, port: (own.address() as AddressInfo).port };
  }

  function client(text = "", port = server.port) {
    const socket = connect(port, "127.0.0.1");
    sockets.push(socket);
    let got = "";
    let closed = false;
    socket.on("data", (data) => (got += data));
    socket.on("error", () => {});
    socket.on("close", () => {
      closed = true;
    });
    socket.write(text);
    return { socket, text: () => got, closed: () => closed };
  }
  const get = (...paths: string[]) => paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`).join("");
  const statuses = (text: string) =>
    [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));
  const cut = async (reason: string) =>
    Number(
      new RegExp(`http_connections_cut_total{reason="${reason}"} (\\d+)`).exec(await registry.metrics())?.[1],
    );

  it("are begun one by one, each when the one before is answered", async () => {
    const one = client(get("/wait", "/a", "/wait", "/b"));
    await eventually("the first is begun", () => waiting.length === 1);
    expect(begun).to.deep.equal(["/wait"]);
    waiting[0]!.end("first");
    await eventually("the third is begun", () => waiting.length === 2);
    expect(begun).to.deep.equal(["/wait", "/a", "/wait"]);
    waiting[1]!.end("third");
    await eventually("all are answered", () =>
      /first[\s\S]*done \/a[\s\S]*third[\s\S]*done \/b$/.test(one.text()),
    );
    one.socket.write(get("/c"));
    await eventually("the connection goes on", () => one.text().endsWith("done /c"));
  });

  it("may have a body, though they wait", async () => {
    const post = (length: number) => `POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`;
    const one = client(`${get("/wait")}${post(300_000)}${"x".repeat(300_000)}${post(3)}xyz${get("/z")}`);
    await eventually("the first is begun", () => waiting.length === 1);
    waiting[0]!.end("first");
    await eventually("all are answered", () => one.text().endsWith("done /z"));
    expect(statuses(one.text())).to.deep.equal([200, 200, 200, 200]);
  });

  it("are not begun after an answer that is the connection's last", async () => {
    const one = client(get("/wait", "/a"));
    await eventually("the first is begun", () => waiting.length === 1);
    waiting[0]!.setHeader("connection", "close").end();
    await eventually("it is closed", () => one.closed());
    expect(begun).to.deep.equal(["/wait"]);
  });

  it("are not begun once the client is gone", async () => {
    const one = client(get("/wait", "/a"));
    await eventually("the first is begun", () => waiting.length === 1);
    one.socket.destroy();
    await eventually("it is noticed", () => waiting[0]!.closed);
    expect(begun).to.deep.equal(["/wait"]);
  });

  it("wait for a client that does not read, which is cut off after a while", async () => {
    const one = client();
    one.socket.pause();
    one.socket.write(get("/large", "/large", "/large"));
    await eventually("one is cut", async () => (await cut("unread")) === 1);
    expect(begun).to.deep.equal(["/large"]);
    one.socket.resume();
    await eventually("it is closed", () => one.closed());
    expect(one.text().length).to.be.lessThan(LARGE.length);
  });

  it("are not read for ever to put the cut off", async () => {
    const one = client();
    one.socket.pause();
    one.socket.write(get("/large"));
    const writing = setInterval(() => one.socket.write("G"), 50);
    await eventually("it is cut", async () => (await cut("unread")) === 1);
    clearInterval(writing);
  });

  it("are answered whole to a client that reads slowly", async () => {
    const one = client(get("/large"));
    one.socket.on("data", () => {
      one.socket.pause();
      setTimeout(() => one.socket.resume(), 15);
    });
    await eventually("all is read", () => one.text().length > LARGE.length, { timeoutMs: 30_000 });
    expect(await cut("unread")).to.equal(0);
  });

  it("are 33 at most in one piece, of which 32 wait", async () => {
    const paths = Array.from({ length: 33 }, (_, i) => `/${i}`);
    const one = client(get(...paths));
    await eventually("all are answered", () => one.text().endsWith("done /32"));
    const other = client(get("/wait", ...paths));
    await eventually("it is cut off", () => other.closed());
    expect(await cut("pipelined")).to.equal(1);
    expect(begun.slice(33)).to.deep.equal(["/wait"]);
  });

  for (const [fault, status] of [
    ["garbage\r\n\r\n", 400],
    ["CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", 405],
    ["POST /bad HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz", 400],
    ["POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf", 408],
    ["GET / HTTP/1.1\r\nHo", 408],
  ] as const)
    it(`keep their answers when what comes behind is ${JSON.stringify(fault)}, which is told after them`, async () => {
      const one = client(get("/wait", "/a") + fault);
      await eventually("the first is begun", () => waiting.length === 1);
      expect(one.text()).to.equal("");
      waiting[0]!.end("first");
      await eventually("it is closed", () => one.closed());
      expect(statuses(one.text())).to.deep.equal([200, 200, status]);
      expect(one.text()).to.match(/first[\s\S]*done \/a[\s\S]*application\/problem\+json/);
    });

  it("keep their answers when what is malformed behind them comes in several pieces", async () => {
    let faults = 0;
    const { own, port } = await bareServer((_req, res) => waiting.push(res));
    own.on("clientError", () => faults++);
    const bad = "POST /bad HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    const one = client(`${get("/wait")}${bad}zz\r\n`, port);
    for (const times of [1, 2, 3]) {
      await eventually("it is read", () => faults === times);
      one.socket.write("more");
    }
    expect(one.text()).to.equal("");
    waiting[0]!.end("first");
    await eventually("it is closed", () => one.closed());
    expect(statuses(one.text())).to.deep.equal([200, 400]);
    expect(one.text()).to.match(/first[\s\S]*"instance":"\/bad"/);
  });

  it("are not begun behind one that expects what is not done here", async () => {
    const expects = "PUT /expects HTTP/1.1\r\nHost: x\r\nExpect: tea\r\nContent-Length: 3\r\n\r\nabc";
    for (const before of ["", get("/wait")]) {
      const one = client(before + expects + get("/behind"));
      if (before !== "") {
        await eventually("the first is begun", () => waiting.length === 1);
        waiting[0]!.end("first");
      }
      await eventually("it is closed", () => one.closed());
      expect(statuses(one.text())).to.deep.equal(before === "" ? [417] : [200, 417]);
    }
    expect(begun).to.deep.equal(["/wait"]);
  });

  it("that expect 100-continue are told to, and answered", async () => {
    const one = client("POST /p HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\nContent-Length: 3\r\n\r\n");
    await eventually("it is told to", () => one.text().startsWith("HTTP/1.1 100 "));
    one.socket.write("abc");
    await eventually("it is answered", () => one.text().endsWith("read"));
  });

  it("that ask for a tunnel end their connection, also when the client keeps its side open", async () => {
    const socket = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
    sockets.push(socket.on("error", () => {}));
    socket.write("CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n");
    const [answer] = await once(socket, "data");
    expect(String(answer)).to.match(/^HTTP\/1.1 405 /);
    await eventually("what it sends is refused", () => {
      if (!socket.destroyed) socket.write("x");
      return socket.destroyed;
    });
  });

  it("that are answered before their body has come get no second answer", async () => {
    const one = client("POST /wait HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    await eventually("it is begun", () => waiting.length === 1);
    waiting[0]!.end("early");
    await eventually("it is answered", () => one.text().includes("early"));
    one.socket.write("garbage\r\n");
    await eventually("it is closed", () => one.closed());
    expect(statuses(one.text())).to.deep.equal([200]);
  });

  it("are forgotten once they are over, though the connection goes on", async () => {
    const seen: Socket[] = [];
    const { turns, port } = await bareServer((req, res) => {
      seen.push(req.socket);
      res.end("done");
    });
    client(get("/a", "/b"), port);
    await eventually("both are begun", () => seen.length === 2);
    await eventually("none is unanswered", () => [...turns.unanswered].length === 0);
    expect(turns.last(seen[0]!)).to.equal(null);
  });
});
