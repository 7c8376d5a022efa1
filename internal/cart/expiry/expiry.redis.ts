import type { Logger } from "../../platform/logger/logger.ts";
import type { Counter } from "../../platform/metrics/metrics.ts";
import type { RedisConnection } from "../../platform/redis/redis.ts";
import { redisNow } from "../../platform/redis/redis-now.ts";
import { loadScript } from "../../platform/redis/script.ts";
import { shardKeys } from "../store/keys.ts";
import { rightsOn } from "../store/rights.redis.ts";
import { createLostCartSearch } from "./lost-carts.redis.ts";
import { bindSweepScript } from "./sweep-script.redis.ts";

const EXPIRE = loadScript(new URL("../lua/expire.lua", import.meta.url));

/** Expired carts taken from one shard in one sweep; more wait for the next. */
const BATCH = 200;

/**
 * One sweep over every shard: each cart that has expired becomes its one `cart.expired` event. Any number of
 * sweepers may run; the script decides, atomically, which of them tells. Carts that Redis has evicted are
 * told of too, as missing. Rejects when Redis does not answer.
 */
export function createExpirySweep(options: {
  redis: RedisConnection;
  shards: number;
  expired: Counter<"reason">;
  log: Logger;
}): () => Promise<void> {
  const { redis, shards, expired, log } = options;
  const rights = rightsOn(redis);
  const expire = bindSweepScript(redis, EXPIRE, log);
  const lost = createLostCartSearch(redis, shards);

  async function tell(shard: number, owner: string): Promise<void> {
    const keys = [
      shardKeys.cart(shard, owner),
      shardKeys.stream(shard),
      shardKeys.expiry(shard),
      shardKeys.ordinal(shard),
    ];
    const told = await expire(keys, { shard, owner });
    if (told === "EXPIRED") expired.inc({ reason: "time" });
    if (told === "MISSING") expired.inc({ reason: "missing" });
  }

  return async () => {
    const now = await redisNow(redis);
    await lost.begin();
    await Promise.all(
      Array.from({ length: shards }, async (_, shard) => {
        await rights.assured(shard);
        const due = await redis.zrangebyscore(shardKeys.expiry(shard), "-inf", now, "LIMIT", 0, BATCH);
        for (const owner of [...due, ...(await lost.next(shard))]) await tell(shard, owner);
      }),
    );
  };
}
