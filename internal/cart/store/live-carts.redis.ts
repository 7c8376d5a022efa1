import { Gauge, type Registry } from "../../platform/metrics/metrics.ts";
import type { RedisConnection } from "../../platform/redis/redis.ts";
import { bindScript, loadScript } from "../../platform/redis/script.ts";
import { shardKeys } from "./keys.ts";

const COUNT_LIVE = loadScript(new URL("../lua/count-live.lua", import.meta.url));

/** Upper bounds of `cart_ttl_remaining_seconds`. */
const BOUNDS = [10, 30, 60, 120, 300, 600, 900, 1_200, 1_800, 3_600, 7_200, 86_400];
const FRESH_MS = 5_000;
const UNKNOWN: readonly number[] = [...BOUNDS, 0].map(() => Number.NaN);

/**
 * `carts_active`, and `cart_ttl_remaining_seconds` as a histogram over the carts that live at the moment of
 * the scrape (not of observations over time), counted exactly on the expiry index, at most every 5 s. Its sum
 * is estimated from the middles of the buckets. While Redis cannot be asked, or is a replica, which refuses
 * the script, the values are NaN: nobody knows them.
 */
export function registerLiveCartMetrics(registry: Registry, redis: RedisConnection, shards: number): void {
  const countLive = bindScript(redis, COUNT_LIVE);
  let cumulative: readonly number[] = UNKNOWN;
  let countedAt = Number.NEGATIVE_INFINITY;
  let counting: Promise<void> | null = null;

  /** Counts, once for all metrics of a scrape. */
  async function count(): Promise<void> {
    if (performance.now() - countedAt < FRESH_MS) return;
    counting ??= countNow()
      .catch(() => {
        // That Redis is away is logged where the connection is lost.
        cumulative = UNKNOWN;
      })
      .finally(() => {
        counting = null;
      });
    await counting;
  }

  async function countNow(): Promise<void> {
    const bounds = BOUNDS.map((bound) => bound * 1000);
    const ofShards = await Promise.all(
      Array.from({ length: shards }, (_, shard) => countLive([shardKeys.expiry(shard)], ...bounds)),
    );
    cumulative = UNKNOWN.map((_, i) =>
      ofShards.reduce<number>((sum, each) => sum + (each as number[])[i]!, 0),
    );
    countedAt = performance.now();
  }

  new Gauge({
    name: "carts_active",
    help: "Carts that live now",
    registers: [registry],
    async collect() {
      await count();
      this.set(cumulative.at(-1)!);
    },
  });
  registry.registerMetric(liveHistogram(count, () => cumulative) as unknown as Gauge);
}

/** prom-client has no histogram whose buckets can be set, so this metric writes its own samples. */
function liveHistogram(count: () => Promise<void>, cumulative: () => readonly number[]) {
  const described = {
    name: "cart_ttl_remaining_seconds",
    help: "Time to live that the carts alive now have left; the sum is estimated from the buckets",
    type: "histogram",
    aggregator: "sum",
  };
  const { name } = described;
  return {
    ...described,
    async get() {
      await count();
      const counts = cumulative();
      const total = counts.at(-1)!;
      let sum = 0;
      for (const [index, bound] of BOUNDS.entries()) {
        const inside = counts[index]! - (counts[index - 1] ?? 0);
        sum += (inside * (bound + (BOUNDS[index - 1] ?? 0))) / 2;
      }
      return {
        ...described,
        values: [
          ...counts.map((value, index) => ({
            metricName: `${name}_bucket`,
            labels: { le: BOUNDS[index] ?? "+Inf" },
            value,
          })),
          { metricName: `${name}_sum`, labels: {}, value: sum },
          { metricName: `${name}_count`, labels: {}, value: total },
        ],
      };
    },
    reset() {},
  };
}
