import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { shardKeys } from "../../cart/store/keys.ts";
import { createRedisCartStore } from "../../cart/store/store.redis.ts";
import { shardOf } from "../../platform/identity/shard-of.ts";
import { createLogger } from "../../platform/logger/logger.ts";
import { awaitRedis, connectRedis } from "../../platform/redis/redis.ts";
import { parseRedisUrl } from "../../platform/redis/redis-url.ts";

export const SHARDS = 64;
const LIFE_MS = 6 * 3_600_000;
const BATCH = 2_000;

/** The product's own store on a Redis; its limits are no limits here. The caller closes the connection. */
export async function openCarts(redisUrl: string) {
  const log = createLogger("bench", "error");
  const redis = connectRedis(parseRedisUrl(redisUrl)!, { log, commandTimeoutMs: 10_000 });
  await awaitRedis(redis, 5_000);
  const limits = { maxLines: 100, maxQuantity: 1_000_000 };
  const life = { ttlMs: 3_600_000, graceMs: 3_600_000 };
  return { redis, log, store: createRedisCartStore({ redis, shards: SHARDS, ...life, limits, log }) };
}

/**
 * Writes live carts as the cart service leaves them, `lines`
 * products of one piece each: a million within a minute.
 */
export async function writeCarts(
  redisUrl: string,
  owners: Iterable<string>,
  products: readonly string[],
): Promise<void> {
  const redis = new Redis(redisUrl);
  const lines = Object.fromEntries(products.map((product) => [product, "1"]));
  const expires = Date.now() + LIFE_MS;
  let pipeline = redis.pipeline();
  for (const owner of owners) {
    const shard = shardOf(owner, SHARDS);
    const key = shardKeys.cart(shard, owner);
    pipeline.hset(key, {
      "@id": randomUUID(),
      ...lines,
      "@v": String(products.length),
      "@x": String(expires),
    });
    pipeline.pexpireat(key, expires + 3_600_000);
    pipeline.zadd(shardKeys.expiry(shard), expires, owner);
    if (pipeline.length < 3 * BATCH) continue;
    await pipeline.exec();
    pipeline = redis.pipeline();
  }
  await pipeline.exec();
  redis.disconnect();
}

/** Removes everything from a Redis. */
export async function emptyRedis(redisUrl: string): Promise<void> {
  const redis = new Redis(redisUrl);
  await redis.flushall();
  redis.disconnect();
}

/** Bytes that Redis has allocated, its own tables of keys included. */
export async function usedBytes(redis: Redis): Promise<number> {
  const info = await redis.info("memory");
  return Number(/^used_memory:(\d+)/m.exec(info)![1]);
}
