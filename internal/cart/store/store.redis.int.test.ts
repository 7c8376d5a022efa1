import { createLogger } from "../../platform/logger/logger.ts";
import { awaitRedis, connectRedis } from "../../platform/redis/redis.ts";
import { parseRedisUrl } from "../../platform/redis/redis-url.ts";
import { testRedis, testRedisCluster } from "../../testkit/servers/test-servers.ts";
import { describeCheckoutStore } from "../checkout/checkout-store.contract.ts";
import { describeCartLife } from "../expiry/cart-life.contract.ts";
import { describeExpiringNotices } from "../expiry/expiring.contract.ts";
import { describeCartStore } from "./store.contract.ts";
import { describeIdempotencyKeys } from "./store-keys.contract.ts";
import { describeCartModel } from "./store-model.contract.ts";

async function connect(url: string) {
  const redis = connectRedis(parseRedisUrl(url)!, {
    log: createLogger("test", "fatal"),
    commandTimeoutMs: 5_000,
  });
  await awaitRedis(redis, 10_000);
  return redis;
}

const CONTRACTS = [
  describeCartStore,
  describeIdempotencyKeys,
  describeCartLife,
  describeCartModel,
  describeCheckoutStore,
  describeExpiringNotices,
];
for (const describeStore of CONTRACTS) {
  describeStore("one Redis", async () => connect((await testRedis()).url));
  describeStore("a Redis Cluster of three nodes", async () => connect((await testRedisCluster()).url));
}
