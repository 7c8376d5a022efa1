import { expect } from "chai";
import { createLogger } from "../platform/logger/logger.ts";
import { Registry } from "../platform/metrics/metrics.ts";
import { awaitRedis, connectRedis, type RedisConnection } from "../platform/redis/redis.ts";
import { parseRedisUrl } from "../platform/redis/redis-url.ts";
import { testRedis } from "../testkit/servers/test-servers.ts";
import { openGate, type TcpGate } from "../testkit/tcp-gate.ts";
import { registerLiveCartMetrics } from "./live-carts.redis.ts";

describe("The metrics of live carts", () => {
  let gate: TcpGate;
  let redis: RedisConnection;
  before(async () => {
    gate = await openGate({ host: "127.0.0.1", port: (await testRedis()).port });
    redis = connectRedis(parseRedisUrl(`redis://127.0.0.1:${gate.port}`)!, {
      log: createLogger("test", "silent"),
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
});
