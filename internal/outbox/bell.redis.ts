import type { RedisConnection } from "../platform/redis/redis.ts";
import type { BellListener, CommitBell } from "./bell.ts";

/** Published on after each commit: the partitions, decimal, separated by commas. */
const CHANNEL = "outbox-committed";

/** Rings by PUBLISH; on a cluster every node hears it. */
export function createRedisBell(redis: RedisConnection): CommitBell {
  return {
    ring: (partitions) => {
      // Whether Redis is there is the connection's to tell, and a relay that hears nothing looks by itself.
      redis.publish(CHANNEL, partitions.join(",")).catch(() => {});
    },
  };
}

/**
 * Hears the bell over `redis`, a connection of its own: one that listens can do nothing else. Listens again after each
 * reconnection; what was rung meanwhile is not heard.
 */
export function createRedisBellListener(redis: RedisConnection): BellListener {
  return {
    listen: (heard) => {
      redis.on("message", (channel: string, message: string) => {
        if (channel === CHANNEL) heard(message.split(",").map(Number));
      });
      // After a reconnection ioredis subscribes again by itself. A failure is followed by a reconnection.
      const subscribe = () => void redis.subscribe(CHANNEL).catch(() => {});
      if (redis.status === "ready") subscribe();
      else redis.once("ready", subscribe);
    },
  };
}
