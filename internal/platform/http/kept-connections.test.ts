import { once } from "node:events";
import { Agent, get, type IncomingMessage } from "node:http";
import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import { closeUnused } from "./kept-connections.ts";
import { type HttpServer, listen } from "./server.ts";

describe("Kept connections of a client", () => {
  let server: HttpServer;
  let agent: Agent;
  let stop: () => void;
  beforeEach(async () => {
    server = await listen((_req, res) => res.end("done"), { host: "127.0.0.1", port: 0 });
    agent = new Agent({ keepAlive: true, scheduling: "lifo" });
    stop = closeUnused(agent, 200);
  });
  afterEach(async () => {
    stop();
    agent.destroy();
    await server.close();
  });

  const ask = async () => {
    const [res] = (await once(get({ port: server.port, agent }), "response")) as [IncomingMessage];
    const { localPort } = res.socket;
    await once(res.resume(), "close");
    return localPort;
  };
  const kept = () => Object.values(agent.freeSockets).flat().length;

  it("close when they are not used for a while, though others are", async () => {
    const [one, other] = await Promise.all([ask(), ask()]);
    expect(one).not.to.equal(other);
    const ports = new Set<number | undefined>();
    await eventually("one is left", async () => {
      ports.add(await ask());
      return kept() === 1;
    });
    expect(ports.size, "it was used all the time").to.equal(1);
  });

  it("all close when none is used", async () => {
    await ask();
    expect(kept()).to.equal(1);
    await eventually("it is closed", () => kept() === 0);
  });
});
