import { Gauge, type Registry } from "../../platform/metrics/metrics.ts";
import type { RedisConnection } from "../../platform/redis/redis.ts";

/** What Redis says of its memory, bytes; a `limit` of 0 is none. */
interface Memory {
  readonly used: number;
  readonly limit: number;
}

const UNKNOWN: Memory = { used: Number.NaN, limit: Number.NaN };

/**
 * `cart_store_memory_used_bytes` and `cart_store_memory_limit_bytes`, asked at each scrape; of a cluster,
 * those of the master that is nearest to its limit, because it is the first to refuse changes. NaN while
 * Redis cannot be asked.
 */
export function registerStoreMemory(registry: Registry, redis: RedisConnection): void {
  let asked: Promise<Memory> | null = null;
  // Both gauges of one scrape are of one answer.
  const memory = () => {
    asked ??= fullestMaster(redis)
      // That Redis is away is logged where the connection is lost.
      .catch(() => UNKNOWN)
      .finally(() => {
        asked = null;
      });
    return asked;
  };
  const gauge = (name: string, help: string, value: (memory: Memory) => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        this.set(value(await memory()));
      },
    });
  gauge("cart_store_memory_used_bytes", "Memory that Redis uses for its data", ({ used }) => used);
  gauge(
    "cart_store_memory_limit_bytes",
    "Redis' maxmemory, above which it refuses or evicts; 0 is no limit",
    ({ limit }) => limit,
  );
}

async function fullestMaster(redis: RedisConnection): Promise<Memory> {
  const nodes = "nodes" in redis ? redis.nodes("master") : [redis];
  const all = (await Promise.all(nodes.map((node) => node.info("memory")))).map(parse);
  return all.reduce((fullest, next) => (share(next) > share(fullest) ? next : fullest), all[0] ?? UNKNOWN);
}

const share = ({ used, limit }: Memory) => (limit === 0 ? 0 : used / limit);

function parse(info: string): Memory {
  const number = (field: string) => Number(new RegExp(`^${field}:(\\d+)`, "m").exec(info)?.[1] ?? Number.NaN);
  return { used: number("used_memory"), limit: number("maxmemory") };
}
