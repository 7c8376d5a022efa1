import { CART_EVENTS } from "../internal/cart/events.ts";
import { shardKeys } from "../internal/cart/store/keys.ts";
import { createRedisStaging } from "../internal/outbox/forwarder/staging.redis.ts";
import type { RedisConnection } from "../internal/platform/redis/redis.ts";

/** Where the cart stages its events, for who forwards them. */
export const openStaging = (redis: RedisConnection, shards: number) =>
  createRedisStaging({
    redis,
    shards,
    stream: shardKeys.stream,
    setAside: shardKeys.setAside,
    unnamed: CART_EVENTS,
  });
