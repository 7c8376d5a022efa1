import type { RedisConnection } from "../../platform/redis/redis.ts";
import { shardKeys } from "../store/keys.ts";

/** Index members looked at per shard and sweep; a search of a large shard takes several sweeps. */
const SLICE = 500;

/**
 * Finds carts that the expiry index holds although Redis has evicted them, which happens only where somebody
 * has chosen an evicting `maxmemory-policy`. Looks through the index only after Redis' count of evictions has
 * changed, so that it costs one INFO a sweep where nothing is evicted.
 */
export function createLostCartSearch(redis: RedisConnection, shards: number) {
  /** The shards under search: how far each is, and whether more was evicted since it began. */
  const searches = new Map<number, { cursor: string; rescan: boolean }>();
  let seen = 0;

  return {
    /** Once per sweep. */
    begin: async (): Promise<void> => {
      const evicted = await evictedKeys(redis);
      if (evicted === seen) return;
      seen = evicted;
      for (let shard = 0; shard < shards; shard++) {
        const search = searches.get(shard);
        if (search) search.rescan = true;
        else searches.set(shard, { cursor: "0", rescan: false });
      }
    },
    /** The next owners of a shard whose carts are gone. */
    next: async (shard: number): Promise<string[]> => {
      const search = searches.get(shard);
      if (!search) return [];
      const [cursor, flat] = await redis.zscan(shardKeys.expiry(shard), search.cursor, "COUNT", SLICE);
      const owners = flat.filter((_, i) => i % 2 === 0);
      const there = await Promise.all(owners.map((owner) => redis.exists(shardKeys.cart(shard, owner))));
      search.cursor = cursor;
      if (cursor === "0" && !search.rescan) searches.delete(shard);
      if (cursor === "0") search.rescan = false;
      return owners.filter((_, i) => there[i] === 0);
    },
  };
}

/** Keys evicted since Redis started, of all masters together. */
async function evictedKeys(redis: RedisConnection): Promise<number> {
  const nodes = "nodes" in redis ? redis.nodes("master") : [redis];
  const infos = await Promise.all(nodes.map((node) => node.info("stats")));
  return infos.reduce((sum, info) => sum + Number(/^evicted_keys:(\d+)/m.exec(info)?.[1] ?? 0), 0);
}
