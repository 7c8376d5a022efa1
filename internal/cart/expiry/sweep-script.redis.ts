import type { Logger } from "../../platform/logger/logger.ts";
import type { RedisConnection } from "../../platform/redis/redis.ts";
import { bindScript, type Script } from "../../platform/redis/script.ts";
import { newId } from "../../platform/uuid/new-id.ts";
import { shardKeys } from "../store/keys.ts";

/** Runs a sweep's script on the cart of one owner; resolves with its reply, or with "CORRUPT". */
export type RunOnCart = (
  keys: readonly string[],
  cart: { shard: number; owner: string },
  args?: Readonly<Record<string, number>>,
) => Promise<unknown>;

/**
 * Binds a script that sweeps run on one cart after another. A cart that cannot be read stays where it is, for
 * whoever looks into it, and leaves the expiry index, so that it is not in the way of the shard's others.
 */
export function bindSweepScript(redis: RedisConnection, script: Script, log: Logger): RunOnCart {
  const run = bindScript(redis, script);
  return async (keys, { shard, owner }, args = {}) => {
    try {
      const common = { owner, owner_json: JSON.stringify(owner), event: newId() };
      return await run(keys, JSON.stringify({ ...common, ...args }));
    } catch (err) {
      if (!(err instanceof Error && /^(WRONGTYPE|CORRUPT) /.test(err.message))) throw err;
      await redis.zrem(shardKeys.expiry(shard), owner);
      log.error(
        { key: shardKeys.cart(shard, owner), err },
        "a cart cannot be read, and so not expire; it is no longer looked at",
      );
      return "CORRUPT";
    }
  };
}
