import { ReplyError } from "ioredis";
import type { Logger } from "../platform/logger/logger.ts";
import type { RedisConnection } from "../platform/redis/redis.ts";
import type { CommitNotifier, CommitSubscriber } from "./commit-notifier.ts";

/** Published on after each commit: the partitions, decimal, separated by commas. */
const CHANNEL = "outbox-committed";

/** How long to wait before subscribing again after Redis has refused it, in ms. */
const RETRY_MS = 1_000;

/**
 * Notifies by PUBLISH, which reaches every node of a cluster.
 * A Redis that forbids the channel is logged once.
 */
export function createRedisCommitNotifier(redis: RedisConnection, log: Logger): CommitNotifier {
  let refused = false;
  return {
    notify: (partitions) => {
      redis.publish(CHANNEL, partitions.join(",")).then(
        () => {
          refused = false;
        },
        (err: unknown) => {
          // The connection reports its own loss, and a relay without notifications polls.
          if (!(err instanceof ReplyError) || refused) return;
          refused = true;
          log.warn({ err, channel: CHANNEL }, "Redis refuses commit notifications; relays poll");
        },
      );
    },
  };
}

/**
 * Subscribes over `redis`, a connection of its own: one that listens can do nothing else. Subscribes each
 * time the connection is ready, and again while Redis refuses; what was notified meanwhile is not heard.
 */
export function createRedisCommitSubscriber(redis: RedisConnection, log: Logger): CommitSubscriber {
  let retry: NodeJS.Timeout | undefined;
  let refused = false;

  async function subscribe(): Promise<void> {
    clearTimeout(retry);
    try {
      await redis.subscribe(CHANNEL);
      if (refused) log.info("commit notifications arrive again");
      refused = false;
    } catch (err) {
      if (err instanceof ReplyError && !refused) {
        refused = true;
        log.warn(
          { err, channel: CHANNEL },
          "Redis refuses the subscription to commits; the outbox is polled",
        );
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
