import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { expect } from "chai";
import { freePort, portNear, portTaken } from "./free-port.ts";
import { portOwner } from "./port-owner.ts";

describe("A port of ours", () => {
  let server: Server;
  let taken: number;
  before(async () => {
    taken = await freePort();
    server = createServer().listen(taken, "127.0.0.1");
    await once(server, "listening");
  });
  after(() => server.close());

  it("is given out by one process alone while it runs", async () => {
    const port = await freePort();
    const rival = createServer();
    rival.listen(`\0cartwright-port-${port}`);
    const [error] = await once(rival, "error");
    expect((error as NodeJS.ErrnoException).code).to.equal("EADDRINUSE");
  });

  it("is never given out twice, nor from where outgoing connections get theirs", async () => {
    const [low] = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").trim().split(/\s+/);
    const ports = await Promise.all(Array.from({ length: 50 }, freePort));
    expect(new Set(ports).size).to.equal(50);
    expect(Math.max(...ports)).to.be.below(Number(low) > 16_000 ? Number(low) : 65_536);
  });

  it("is the first one wanted that is free", async () => {
    const free = await freePort();
    expect(await portNear(taken, free)).to.equal(free);
    expect(await portNear(taken)).not.to.equal(taken);
  });

  it("is known to be taken, and by whom", async () => {
    expect(await portTaken(taken)).to.equal(true);
    expect(portOwner(taken)).to.contain(`(pid ${process.pid})`);
    expect(portOwner(await freePort())).to.equal(null);
  });
});
