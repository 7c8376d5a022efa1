import type { Redis } from "ioredis";
import { awaitRedis, connectRedis } from "../../platform/redis/redis.ts";
import { parseRedisUrl } from "../../platform/redis/redis-url.ts";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import type { RedisServer } from "../../testkit/servers/redis.ts";
import { ownRedis } from "../../testkit/servers/test-servers.ts";
import { createRedisCartStore } from "./store.redis.ts";
import type { CartStore, Change, Preconditions } from "./store.ts";

export const NO_PRECONDITIONS: Preconditions = { ifMatch: null, idempotencyKey: null, traceparent: null };

export const add = (productId: string, quantity = 1): Change => ({
  op: "add",
  productId,
  quantity,
  stock: 1_000,
});

/** A store of one shard on an empty Redis that its tests may spoil. */
export interface StoreScene {
  readonly server: RedisServer;
  readonly redis: Redis;
  readonly store: CartStore;
  readonly log: ReturnType<typeof recordingLogger>["log"];
  readonly lines: ReturnType<typeof recordingLogger>["lines"];
  apply(owner: string, change: Change, more?: Partial<Preconditions>): ReturnType<CartStore["apply"]>;
}

/** Opens a Redis for the suite that calls it; before each test it is emptied, and `use` is given a store. */
export function withStoreToSpoil(use: (scene: StoreScene) => void): void {
  const { log, lines } = recordingLogger();
  let server: RedisServer;
  let redis: Redis;

  before(async () => {
    server = await ownRedis();
    redis = connectRedis(parseRedisUrl(server.url)!, { log, commandTimeoutMs: 5_000 }) as Redis;
    await awaitRedis(redis, 10_000);
  });
  beforeEach(async () => {
    await redis.config("SET", "maxmemory", "0");
    await redis.config("SET", "maxmemory-policy", "noeviction");
    await redis.flushall();
    lines.length = 0;
    const limits = { maxLines: 100, maxQuantity: 999 };
    const store = createRedisCartStore({ redis, shards: 1, ttlMs: 60_000, graceMs: 60_000, limits, log });
    const apply: StoreScene["apply"] = (owner, change, more = {}) =>
      store.apply(owner, change, { ...NO_PRECONDITIONS, ...more });
    use({ server, redis, store, log, lines, apply });
  });
  after(async () => {
    redis.disconnect();
    await server.stop();
  });
}
