import type { RedisConnection } from "../../platform/redis/redis.ts";
import { bindScript, loadScript } from "../../platform/redis/script.ts";
import type { Quotas, WindowCounter } from "./rate-limit.ts";

const COUNT = loadScript(new URL("../lua/count-window.lua", import.meta.url));

/**
 * Counts in Redis, for all gateways together. Rejects when Redis is away, full,
 * or does not answer within the connection's command timeout.
 */
export function createRedisCounter(redis: RedisConnection, quotas: Quotas): WindowCounter {
  const count = bindScript(redis, COUNT);
  return {
    count: async (limitClass, who) => {
      const windowMs = (quotas[limitClass]?.seconds ?? 0) * 1000;
      const [requests, resetMs] = (await count([`limit:${limitClass}:${who}`], windowMs)) as [number, number];
      return { count: requests, resetMs };
    },
  };
}
