import type { RedisConnection } from "./redis.ts";

/** Redis' clock, epoch ms; of a cluster that of some node. */
export async function redisNow(redis: RedisConnection): Promise<number> {
  const [seconds, microseconds] = await redis.time();
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
}
