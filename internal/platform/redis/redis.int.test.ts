import { expect } from "chai";
import type { Redis } from "ioredis";
import { eventually } from "../../testkit/eventually.ts";
import { ownRedis, testRedisCluster } from "../../testkit/servers/test-servers.ts";
import { createLogger } from "../logger/logger.ts";
import { awaitRedis, checkRedis, connectRedis, type RedisConnection } from "./redis.ts";
import { parseRedisUrl } from "./redis-url.ts";
import { bindScript } from "./script.ts";

describe("A connection to the one address that REDIS_URL names", function () {
  this.timeout(60_000);
  const opened: RedisConnection[] = [];
  const open = (url: string) => {
    const redis = connectRedis(parseRedisUrl(url)!, {
      log: createLogger("test", "silent"),
      commandTimeoutMs: 2_000,
    });
    opened.push(redis);
    return redis;
  };
  afterEach(() => {
    for (const redis of opened.splice(0)) redis.disconnect();
  });
  const readiness = (redis: RedisConnection) =>
    checkRedis(redis).then(
      () => "ready",
      (error: Error) => error.message,
    );

  it("is never ready on a replica, says why, and becomes ready when that is promoted", async () => {
    const [master, server] = await Promise.all([ownRedis(), ownRedis()]);
    const admin = open(server.url);
    await awaitRedis(admin, 10_000);
    await admin.call("REPLICAOF", "127.0.0.1", String(master.port));
    const redis = open(server.url);
    let ready = 0;
    redis.on("ready", () => ready++);
    await eventually("readiness says so", async () => /is a replica/.test(await readiness(redis)));
    let tries = 0;
    redis.on("close", () => tries++);
    await eventually("it was tried again", () => tries >= 2);
    expect(ready).to.equal(0);
    await admin.call("REPLICAOF", "NO", "ONE");
    await awaitRedis(redis, 10_000);
    expect(await readiness(redis)).to.equal("ready");
  });

  it("leaves a server that was demoted once, however many of its answers say so", async () => {
    const [server, master] = await Promise.all([ownRedis(), ownRedis()]);
    const redis = open(server.url);
    const admin = open(server.url);
    await Promise.all([awaitRedis(redis, 10_000), awaitRedis(admin, 10_000)]);
    await admin.call("REPLICAOF", "127.0.0.1", String(master.port));
    const { stream } = redis as Redis;
    const before = stream.listenerCount("close");
    const closed = new Promise((resolve) => redis.once("close", resolve));
    const refused = await Promise.all(
      Array.from({ length: 30 }, () => redis.set("a", "b").catch((error: Error) => error.message)),
    );
    expect(refused[0]).to.match(/^READONLY /);
    expect(stream.listenerCount("close") - before).to.be.at.most(1);
    await closed;
  });

  it("becomes one to the whole cluster where the address is a cluster's, with its scripts and listeners", async () => {
    const [, node] = parseRedisUrl((await testRedisCluster()).url)!.nodes;
    const redis = open(`redis://${node!.host}:${node!.port}`);
    const write = bindScript(redis, {
      name: "set",
      lua: '#!lua\nreturn redis.call("SET", KEYS[1], ARGV[1])',
    });
    await awaitRedis(redis, 10_000);
    for (let key = 0; key < 50; key++) expect(await write([`one-address:${key}`], key)).to.equal("OK");
    for (let key = 0; key < 50; key++) expect(await redis.get(`one-address:${key}`)).to.equal(String(key));
    const heard: string[] = [];
    const listening = open(`redis://${node!.host}:${node!.port}`);
    listening.on("message", (_channel: string, message: string) => heard.push(message));
    await awaitRedis(listening, 10_000);
    await listening.subscribe("one-address");
    await eventually("a message is heard", async () => {
      await redis.publish("one-address", "hello");
      return heard.includes("hello");
    });
    expect(await readiness(redis)).to.equal("ready");
  });

  it("is not ready while its cluster does not serve all slots", async () => {
    const { url } = await testRedisCluster();
    const [node] = parseRedisUrl(url)!.nodes;
    const redis = open(`redis://${node!.host}:${node!.port}`);
    await awaitRedis(redis, 10_000);
    const nodes = redis.isCluster && "nodes" in redis ? redis.nodes("master") : [];
    expect(nodes).to.have.length(3);
    const owner = (
      await Promise.all(
        nodes.map(async (each) => ((await each.get("x").catch(() => false)) === false ? null : each)),
      )
    ).find((each) => each !== null)!;
    const slot = Number(await owner.cluster("KEYSLOT", "x"));
    await Promise.all(nodes.map((each) => each.cluster("DELSLOTS", slot)));
    try {
      await eventually("readiness says so", async () =>
        /not all slots are served/.test(await readiness(redis)),
      );
    } finally {
      await owner.cluster("ADDSLOTS", slot);
    }
    await eventually("it is ready again", async () => (await readiness(redis)) === "ready");
  });
});
