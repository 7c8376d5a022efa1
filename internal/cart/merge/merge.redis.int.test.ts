import { createLogger } from "../../platform/logger/logger.ts";
import { awaitRedis, connectRedis } from "../../platform/redis/redis.ts";
import { parseRedisUrl } from "../../platform/redis/redis-url.ts";
import { testRedis, testRedisCluster } from "../../testkit/servers/test-servers.ts";
import { describeMerges } from "./merge.contract.ts";
import { describeMergesBesideCheckouts } from "./merge-checkouts.contract.ts";
import { describeRepeatedMerges } from "./merge-repeats.contract.ts";
import { describeUnfinishedMerges } from "./merge-unfinished.contract.ts";
import { describeMergesBesideUserCheckouts } from "./merge-user-checkouts.contract.ts";

async function connect(url: string) {
  const log = createLogger("test", "fatal");
  const redis = connectRedis(parseRedisUrl(url)!, { log, commandTimeoutMs: 5_000 });
  await awaitRedis(redis, 10_000);
  return redis;
}

const CONTRACTS = [
  describeMerges,
  describeRepeatedMerges,
  describeUnfinishedMerges,
  describeMergesBesideCheckouts,
  describeMergesBesideUserCheckouts,
];
for (const describeSome of CONTRACTS) {
  describeSome("one Redis", async () => connect((await testRedis()).url));
  describeSome("a Redis Cluster of three nodes", async () => connect((await testRedisCluster()).url));
}
