import type { Counter } from "../platform/metrics/metrics.ts";
import type { RedisConnection } from "../platform/redis/redis.ts";
import { bindScript, loadScript } from "../platform/redis/script.ts";
import { newId } from "../platform/uuid/new-id.ts";
import { shardKeys } from "./keys.ts";

const EXPIRE = loadScript(new URL("./lua/expire.lua", import.meta.url));

/** Expired carts taken from one shard in one sweep; more wait for the next. */
const BATCH = 200;

/**
 * One sweep over every shard: each cart that has expired becomes its one `cart.expired` event. Any number of sweepers may run;
 * the script decides, atomically, which of them tells. Rejects when Redis does not answer.
 */
export function createExpirySweep(options: {
  redis: RedisConnection;
  shards: number;
  expired: Counter;
}): () => Promise<void> {
  const { redis, shards, expired } = options;
  const expire = bindScript(redis, EXPIRE);
  return async () => {
    const time = await redis.time();
    const now = Number(time[0]) * 1000 + Math.floor(Number(time[1]) / 1000);
    await Promise.all(
      Array.from({ length: shards }, async (_, shard) => {
        const due = await redis.zrangebyscore(shardKeys.expiry(shard), "-inf", now, "LIMIT", 0, BATCH);
        for (const owner of due) {
          const told = await expire(
            shardKeys.cart(shard, owner),
            shardKeys.stream(shard),
            shardKeys.expiry(shard),
            shardKeys.ordinal(shard),
            owner,
            JSON.stringify(owner),
            newId(),
          );
          if (told === "EXPIRED") expired.inc();
        }
      }),
    );
  };
}
