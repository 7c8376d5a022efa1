import type { Logger } from "../../platform/logger/logger.ts";
import type { Counter } from "../../platform/metrics/metrics.ts";
import type { RedisConnection } from "../../platform/redis/redis.ts";
import { redisNow } from "../../platform/redis/redis-now.ts";
import { loadScript } from "../../platform/redis/script.ts";
import { shardKeys } from "../store/keys.ts";
import { rightsOn } from "../store/rights.redis.ts";
import { bindSweepScript } from "./sweep-script.redis.ts";

const EXPIRING = loadScript(new URL("../lua/expiring.lua", import.meta.url));

/** Carts of one shard looked at in one sweep, and more where they end in one ms; others wait for the next. */
const PAGE = 500;

/** How often (ms) all that is near its end is looked at anew, for what a failover left behind. */
const ANEW_MS = 60_000;

/** A member of an index: an owner, and when the cart's life ends, epoch ms. */
interface Ending {
  readonly owner: string;
  readonly expires: number;
}

/**
 * One sweep over every shard: each cart that ends within `noticeMs` is told of by `cart.expiring`, once in
 * each of its lives. Any number of sweepers may run; the script decides, atomically, which of them tells. A
 * sweep looks only at what has come near its end since the one before. Rejects when Redis does not answer.
 */
export function createExpiringSweep(options: {
  redis: RedisConnection;
  shards: number;
  noticeMs: number;
  told: Counter;
  log: Logger;
  anewMs?: number;
}): () => Promise<void> {
  const { redis, shards, noticeMs, told, log, anewMs = ANEW_MS } = options;
  const rights = rightsOn(redis);
  const tell = bindSweepScript(redis, EXPIRING, log);
  /** Of each shard the latest end that was looked at. */
  const looked = new Map<number, number>();
  let begunAt = performance.now();

  /** The next carts of a shard by their end, and all that end in the same ms as the last of them. */
  async function page(shard: number, now: number): Promise<Ending[]> {
    const index = shardKeys.expiry(shard);
    const from = `(${looked.get(shard) ?? now}`;
    const first = await redis.zrangebyscore(index, from, now + noticeMs, "WITHSCORES", "LIMIT", 0, PAGE);
    const endings = endingsIn(first);
    if (endings.length < PAGE) return endings;
    const { expires } = endings.at(-1)!;
    const same = endingsIn(await redis.zrangebyscore(index, expires, expires, "WITHSCORES"));
    return [...endings.filter((ending) => ending.expires !== expires), ...same];
  }

  /** Those whose life was not told of yet, as it seems; the script knows. */
  async function untold(shard: number, endings: readonly Ending[]): Promise<Ending[]> {
    const owners = endings.map(({ owner }) => owner);
    const ends = await redis.zmscore(shardKeys.expiring(shard), ...owners);
    return endings.filter(({ expires }, i) => Number(ends[i] ?? 0) !== expires);
  }

  async function sweepShard(shard: number, now: number): Promise<void> {
    await rights.assured(shard);
    await redis.zremrangebyscore(shardKeys.expiring(shard), "-inf", now);
    const endings = await page(shard, now);
    if (endings.length === 0) return;
    for (const { owner } of await untold(shard, endings)) {
      const keys = [
        shardKeys.cart(shard, owner),
        shardKeys.stream(shard),
        shardKeys.ordinal(shard),
        shardKeys.expiring(shard),
      ];
      if ((await tell(keys, { shard, owner }, { notice: noticeMs })) === "TOLD") told.inc();
    }
    looked.set(shard, endings.at(-1)!.expires);
  }

  return async () => {
    const now = await redisNow(redis);
    if (performance.now() - begunAt >= anewMs) {
      looked.clear();
      begunAt = performance.now();
    }
    await Promise.all(Array.from({ length: shards }, (_, shard) => sweepShard(shard, now)));
  };
}

function endingsIn(flat: readonly string[]): Ending[] {
  const endings: Ending[] = [];
  for (let i = 0; i < flat.length; i += 2) endings.push({ owner: flat[i]!, expires: Number(flat[i + 1]) });
  return endings;
}
