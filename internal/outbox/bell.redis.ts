import { ReplyError } from "ioredis";
import type { Logger } from "../platform/logger/logger.ts";
import type { RedisConnection } from "../platform/redis/redis.ts";
import type { BellListener, CommitBell } from "./bell.ts";

/** Published on after each commit: the partitions, decimal, separated by commas. */
const CHANNEL = "outbox-committed";

/** How long to wait before subscribing again after Redis has refused it, in ms. */
const RETRY_MS = 1_000;

/** Rings by PUBLISH; on a cluster every node hears it. A Redis that forbids the channel is logged once. */
export function createRedisBell(redis: RedisConnection, log: Logger): CommitBell {
  let refused = false;
  return {
    ring: (partitions) => {
      redis.publish(CHANNEL, partitions.join(",")).then(
        () => {
          refused = false;
        },
        (err: unknown) => {
          // A lost connection is the connection's to tell, and a relay that hears nothing looks by itself.
          if (!(err instanceof ReplyError) || refused) return;
          refused = true;
          log.warn({ err, channel: CHANNEL }, "Redis refuses the bell; relays look by themselves");
        },
      );
    },
  };
}

/**
 * Hears the bell over `redis`, a connection of its own: one that listens can do nothing else. Subscribes each time the
 * connection is ready, and again while Redis refuses; what was rung meanwhile is not heard.
 */
export function createRedisBellListener(redis: RedisConnection, log: Logger): BellListener {
  let retry: NodeJS.Timeout | undefined;
  let refused = false;

  async function subscribe(): Promise<void> {
    clearTimeout(retry);
    try {
      await redis.subscribe(CHANNEL);
      if (refused) log.info("the bell can be heard again");
      refused = false;
    } catch (err) {
      if (err instanceof ReplyError && !refused) {
        refused = true;
        log.warn({ err, channel: CHANNEL }, "Redis lets nobody listen to the bell; the outbox is polled");
      }
      retry = setTimeout(() => {
        if (redis.status === "ready") void subscribe();
      }, RETRY_MS).unref();
    }
  }

  return {
    listen: (heard) => {
      redis.on("message", (channel: string, message: string) => {
        if (channel === CHANNEL) heard(message.split(",").map(Number));
      });
      redis.on("ready", () => void subscribe());
      redis.on("end", () => clearTimeout(retry));
      if (redis.status === "ready") void subscribe();
    },
  };
}
