import { expect } from "chai";
import { createLogger } from "../../platform/logger/logger.ts";
import { Registry } from "../../platform/metrics/metrics.ts";
import { awaitRedis, connectRedis, type RedisConnection } from "../../platform/redis/redis.ts";
import { parseRedisUrl } from "../../platform/redis/redis-url.ts";
import { ownRedis, testRedis } from "../../testkit/servers/test-servers.ts";
import { openGate, type TcpGate } from "../../testkit/tcp-gate.ts";
import { shardKeys } from "./keys.ts";
import { registerLiveCartMetrics } from "./live-carts.redis.ts";

const log = createLogger("test", "silent");

describe("The metrics of live carts", function () {
  this.timeout(60_000);
  let gate: TcpGate;
  let redis: RedisConnection;
  before(async () => {
    gate = await openGate({ host: "127.0.0.1", port: (await testRedis()).port });
    redis = connectRedis(parseRedisUrl(`redis://127.0.0.1:${gate.port}`)!, {
      log,
      commandTimeoutMs: 2_000,
    });
    await awaitRedis(redis, 10_000);
  });
  after(async () => {
    redis?.disconnect();
    await gate?.close();
  });

  it("are unknown while Redis cannot be asked, and counted once it can", async () => {
    const registry = new Registry();
    registerLiveCartMetrics(registry, redis, 2);
    gate.shut();
    await new Promise((resolve) => redis.once("close", resolve));
    const away = await registry.metrics();
    expect(away).to.include("carts_active Nan");
    expect(away).to.match(/^cart_ttl_remaining_seconds_count Nan$/m);
    gate.open();
    await awaitRedis(redis, 10_000);
    expect(await registry.metrics()).to.match(/^carts_active \d+$/m);
  });

  it("are unknown on a server that was demoted, whose own count may be another's", async () => {
    const [server, other] = await Promise.all([ownRedis(), ownRedis()]);
    const demoted = connectRedis(parseRedisUrl(server.url)!, { log, commandTimeoutMs: 2_000 });
    const admin = connectRedis(parseRedisUrl(server.url)!, { log, commandTimeoutMs: 2_000 });
    try {
      await Promise.all([awaitRedis(demoted, 10_000), awaitRedis(admin, 10_000)]);
      await admin.zadd(shardKeys.expiry(1), Date.now() + 60_000, "user:a", Date.now() - 1, "user:b");
      const before = new Registry();
      registerLiveCartMetrics(before, demoted, 2);
      const text = await before.metrics();
      expect(text).to.match(/^carts_active 1$/m);
      expect(text).to.match(/^cart_ttl_remaining_seconds_bucket\{le="60"\} 1$/m);
      expect(text).to.match(/^cart_ttl_remaining_seconds_bucket\{le="30"\} 0$/m);
      await admin.call("REPLICAOF", "127.0.0.1", String(other.port));
      const after = new Registry();
      registerLiveCartMetrics(after, demoted, 2);
      expect(await after.metrics()).to.include("carts_active Nan");
    } finally {
      demoted.disconnect();
      admin.disconnect();
    }
  });
});
