import { expect } from "chai";
import type { Redis } from "ioredis";
import { createLogger } from "../../platform/logger/logger.ts";
import { awaitRedis, checkRedis, connectRedis } from "../../platform/redis/redis.ts";
import { parseRedisUrl } from "../../platform/redis/redis-url.ts";
import { unwrap } from "../../platform/result/result.ts";
import { eventually } from "../../testkit/eventually.ts";
import type { RedisServer } from "../../testkit/servers/redis.ts";
import { ownRedis } from "../../testkit/servers/test-servers.ts";
import { createRedisCartStore } from "./store.redis.ts";
import type { CartStore } from "./store.ts";

const log = createLogger("test", "fatal");
const none = { ifMatch: null, idempotencyKey: null, traceparent: null };
const UNAVAILABLE = { ok: false, error: { code: "CART_STORE_UNAVAILABLE" } };

describe("The cart store when its Redis is demoted", function () {
  this.timeout(60_000);
  let servers: RedisServer[];
  let admin: Redis;
  let redis: Redis;
  let store: CartStore;
  const open = (url: string) => connectRedis(parseRedisUrl(url)!, { log, commandTimeoutMs: 2_000 }) as Redis;

  before(async () => {
    servers = await Promise.all([ownRedis(), ownRedis()]);
    [admin, redis] = [open(servers[0]!.url), open(servers[0]!.url)];
    await Promise.all([awaitRedis(admin, 10_000), awaitRedis(redis, 10_000)]);
    store = createRedisCartStore({
      redis,
      shards: 1,
      ttlMs: 60_000,
      graceMs: 60_000,
      limits: { maxLines: 5, maxQuantity: 99 },
      log,
    });
  });
  after(async () => {
    for (const each of [admin, redis]) each?.disconnect();
    await Promise.all(servers.map((server) => server.stop()));
  });

  const add = () => store.apply("user:a", { op: "add", productId: "tea", quantity: 1, stock: 9 }, none);

  it("refuses changes and reads, says so to readiness, leaves the connection, and goes on after the promotion", async () => {
    unwrap(await add());
    const other = new URL(servers[1]!.url);
    let left = 0;
    redis.on("close", () => left++);
    // Of an empty master: the replica's answer to a read would be an empty cart.
    await admin.call("REPLICAOF", other.hostname, other.port);
    await eventually("the replica has its master's data", async () => Number(await admin.dbsize()) === 0);
    await eventually("a read is refused", async () => {
      const read = await store.read("user:a");
      expect(read, "never an empty cart from a replica").to.deep.equal(UNAVAILABLE);
      return left > 0;
    });
    await eventually("a change is refused", async () => !(await add()).ok);
    await eventually("readiness says why", async () => {
      const reason = await checkRedis(redis).then(
        () => null,
        (error: Error) => error.message,
      );
      return reason === "this Redis is a replica and takes no changes";
    });
    await admin.call("REPLICAOF", "NO", "ONE");
    await eventually("changes are taken again", async () => (await add()).ok);
    await checkRedis(redis);
  });
});
