import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Redis } from "ioredis";
import { watch } from "../guard.ts";
import { type RedisServer, startRedis } from "./redis.ts";
import { redisCommand } from "./redis-release.ts";

describe("A Redis of ours", function () {
  this.timeout(60_000);
  let dir: string;
  let server: RedisServer;
  before(async () => {
    dir = join(mkdtempSync(join(tmpdir(), "cartwright-redis-")), "with a space");
    server = await startRedis({ dir, password: 'a "quoted" word', onSpawn: watch });
  });
  after(async () => {
    await server?.stop();
    rmSync(join(dir, ".."), { recursive: true });
  });

  /** The password needs escaping in a URL; here it is given apart. */
  async function withClient<T>(
    work: (client: Redis) => Promise<T>,
    password = 'a "quoted" word',
  ): Promise<T> {
    const client = new Redis({ host: "127.0.0.1", port: server.port, password, lazyConnect: true });
    client.on("error", () => {});
    try {
      await client.connect();
      return await work(client);
    } finally {
      client.disconnect();
    }
  }

  it("keeps what it has acknowledged over kill -9 and a restart on the same port", async () => {
    await withClient((client) => client.hset("cart", "tea", "3"));
    const { pid, port } = server;
    await server.kill("SIGKILL");
    await server.start();
    expect([server.port, server.pid === pid]).to.deep.equal([port, false]);
    expect(await withClient((client) => client.hget("cart", "tea"))).to.equal("3");
  });

  it("freezes and goes on", async () => {
    server.signal("SIGSTOP");
    server.signal("SIGCONT");
    expect(await withClient((client) => client.ping())).to.equal("PONG");
  });

  it("is set up as the carts need it", async () => {
    const wanted = {
      appendonly: "yes",
      appendfsync: "everysec",
      "maxmemory-policy": "noeviction",
      "hash-max-listpack-entries": "512",
      save: "",
      bind: "127.0.0.1",
    };
    for (const [name, value] of Object.entries(wanted)) {
      const found = await withClient((client) => client.call("CONFIG", "GET", name));
      expect(JSON.stringify(found), name).to.contain(JSON.stringify(value));
    }
  });

  it("is of the release that was asked for", async () => {
    const major = /^redis_version:(\d+)/m.exec(await withClient((client) => client.info("server")))?.[1];
    if (process.env.REDIS === "8") expect(Number(major)).to.be.at.least(8);
    expect(() => redisCommand("6")).to.throw(/REDIS=6 is not known; 8 asks for Redis 8/);
  });

  it("refuses whoever has no password", async () => {
    const refused = await withClient((client) => client.get("cart"), "wrong").then(
      () => null,
      (error: Error) => error.message,
    );
    expect(refused).to.match(/WRONGPASS|NOAUTH|closed/i);
  });
});
