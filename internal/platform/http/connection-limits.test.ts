import { connect, type Socket } from "node:net";
import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import { Registry } from "../metrics/metrics.ts";
import type { ConnectionLimits } from "./connection-limits.ts";
import { type HttpServer, listen } from "./server.ts";

describe("Connections of clients", () => {
  let server: HttpServer;
  let registry: Registry;
  let lines: ReturnType<typeof recordingLogger>["lines"];
  const sockets: Socket[] = [];
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await server.close();
  });

  async function limited(limits: Partial<ConnectionLimits>) {
    const recording = recordingLogger();
    lines = recording.lines;
    registry = new Registry();
    server = await listen((req, res) => void req.resume().once("end", () => res.end("done")), {
      host: "127.0.0.1",
      port: 0,
      told: { registry, log: recording.log },
      connections: { total: 100, perAddress: 100, isExempt: () => false, ...limits },
    });
  }
  /** A connection from an address of the loopback's own network, with a request. */
  function from(localAddress: string) {
    const socket = connect({ port: server.port, host: "127.0.0.1", localAddress });
    sockets.push(socket);
    let text = "";
    let ended = false;
    socket.on("data", (data) => (text += data));
    socket.on("error", () => {});
    socket.on("end", () => {
      ended = true;
    });
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    const status = () => Number(/^HTTP\/1.1 (\d+)/.exec(text)?.[1] ?? 0);
    return {
      socket,
      text: () => text,
      ended: () => ended,
      answered: async () => {
        await eventually("an answer", () => status() > 0);
        return status();
      },
    };
  }
  const metric = async (name: string) =>
    Number(
      (await registry.metrics())
        .split("\n")
        .find((line) => line.startsWith(`${name} `))
        ?.split(" ")[1],
    );
  const refused = (reason: string) => metric(`http_connections_refused_total{reason="${reason}"}`);

  it("are refused with 429 beyond those of one address, and others' are served", async () => {
    await limited({ perAddress: 2 });
    expect([await from("127.0.0.1").answered(), await from("127.0.0.1").answered()]).to.deep.equal([
      200, 200,
    ]);
    const third = from("127.0.0.1");
    expect(await third.answered()).to.equal(429);
    expect(third.text()).to.match(
      /retry-after: 1[\s\S]*application\/problem\+json|application\/problem\+json/i,
    );
    expect(third.text()).to.contain('"code":"TOO_MANY_CONNECTIONS"');
    await eventually("it is closed", () => third.ended());
    expect(await from("127.0.0.2").answered()).to.equal(200);
    expect([await refused("address"), await refused("total")]).to.deep.equal([1, 0]);
    expect(await metric("http_connections")).to.equal(3);
  });

  it("may be opened again when others have closed", async () => {
    await limited({ perAddress: 1 });
    const first = from("127.0.0.1");
    expect(await first.answered()).to.equal(200);
    expect(await from("127.0.0.1").answered()).to.equal(429);
    first.socket.destroy();
    await eventually("there is room", async () => (await from("127.0.0.1").answered()) === 200);
  });

  it("are refused with 503 beyond the total", async () => {
    await limited({ total: 2 });
    expect([await from("127.0.0.1").answered(), await from("127.0.0.2").answered()]).to.deep.equal([
      200, 200,
    ]);
    const third = from("127.0.0.3");
    expect(await third.answered()).to.equal(503);
    expect(third.text()).to.contain('"code":"OUT_OF_CONNECTIONS"');
    expect([await refused("address"), await refused("total")]).to.deep.equal([0, 1]);
  });

  it("of exempt addresses count in the total alone", async () => {
    await limited({ perAddress: 1, total: 3, isExempt: (address) => address === "127.0.0.9" });
    for (let i = 0; i < 3; i++) expect(await from("127.0.0.9").answered()).to.equal(200);
    expect(await from("127.0.0.9").answered()).to.equal(503);
  });

  it("that are turned away are told of once", async () => {
    await limited({ perAddress: 1 });
    await from("127.0.0.1").answered();
    for (let i = 0; i < 3; i++) await from("127.0.0.1").answered();
    const told = lines.filter(({ msg }) => msg === "connections are turned away");
    expect(told.map(({ level, reason, address }) => [level, reason, address])).to.deep.equal([
      ["warn", "address", "127.0.0.1"],
    ]);
  });

  it("that are turned away are told why, so many at once; others are cut off", async () => {
    await limited({ perAddress: 1, refusalsUnderWay: 1 });
    await from("127.0.0.1").answered();
    const stubborn = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
    sockets.push(stubborn.on("error", () => {}));
    let told = "";
    stubborn.on("data", (data) => (told += data));
    await eventually("it is told", () => told.includes("TOO_MANY_CONNECTIONS"));
    const cut = from("127.0.0.1");
    await eventually("another is cut off", () => cut.socket.destroyed);
    expect(cut.text()).to.equal("");
    stubborn.destroy();
    await eventually("the next is told again", async () => {
      const next = from("127.0.0.1");
      await eventually("it is over", () => next.socket.destroyed || next.ended());
      return next.text().includes("TOO_MANY_CONNECTIONS");
    });
    expect(await refused("address")).to.be.at.least(3);
  });

  it("that are turned away and do not leave are cut off, and hold no shutdown up", async () => {
    await limited({ perAddress: 1 });
    await from("127.0.0.1").answered();
    const stubborn = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
    sockets.push(stubborn);
    let closed = false;
    stubborn
      .on("error", () => {})
      .on("close", () => {
        closed = true;
      });
    stubborn.resume();
    const writing = setInterval(() => stubborn.write("x"), 50);
    await eventually("it is cut off", () => closed);
    clearInterval(writing);
  });
});
