import { expect } from "chai";
import { createLogger } from "../platform/logger/logger.ts";
import { awaitRedis, connectRedis, type RedisConnection } from "../platform/redis/redis.ts";
import { parseRedisUrl } from "../platform/redis/redis-url.ts";
import { eventually } from "../testkit/eventually.ts";
import { testRedis, testRedisCluster } from "../testkit/servers.ts";
import { createRedisBell, createRedisBellListener } from "./bell.redis.ts";

for (const [where, url] of [
  ["one Redis", async () => (await testRedis()).url],
  ["a Redis Cluster", async () => (await testRedisCluster()).url],
] as const) {
  describe(`The bell on ${where}`, function () {
    this.timeout(60_000);
    const open: RedisConnection[] = [];
    let heard: number[][] = [];

    async function connect(): Promise<RedisConnection> {
      const options = { log: createLogger("test", "fatal"), commandTimeoutMs: 5_000 };
      const redis = connectRedis(parseRedisUrl(await url())!, options);
      open.push(redis);
      return redis;
    }
    /** Rings until it is heard: a subscription takes its time. */
    const ringUntilHeard = async (redis: RedisConnection, partitions: number[]) => {
      heard = [];
      const bell = createRedisBell(redis);
      await eventually("the bell is heard", () => {
        bell.ring(partitions);
        return heard.length > 0;
      });
    };
    beforeEach(() => {
      heard = [];
    });
    afterEach(() => {
      for (const redis of open.splice(0)) redis.disconnect();
    });

    it("is heard by a listener that began before Redis was connected, with the partitions rung", async () => {
      createRedisBellListener(await connect()).listen((partitions) => heard.push([...partitions]));
      const ringing = await connect();
      await awaitRedis(ringing, 10_000);
      await ringUntilHeard(ringing, [3, 17, 63]);
      expect(heard[0]).to.deep.equal([3, 17, 63]);
    });

    it("is heard again after the listener's connection broke", async () => {
      createRedisBellListener(await connect()).listen((partitions) => heard.push([...partitions]));
      const ringing = await connect();
      await awaitRedis(ringing, 10_000);
      await ringUntilHeard(ringing, [1]);
      const nodes = "nodes" in ringing ? ringing.nodes("master") : [ringing];
      const ended = await Promise.all(nodes.map((node) => node.call("CLIENT", "KILL", "TYPE", "pubsub")));
      expect(ended.reduce<number>((sum, each) => sum + Number(each), 0)).to.be.at.least(1);
      await ringUntilHeard(ringing, [2]);
      expect(heard.at(-1)).to.deep.equal([2]);
    });

    it("may be rung while there is no connection: nothing is thrown and nobody hears it", async () => {
      const gone = await connect();
      gone.disconnect();
      createRedisBell(gone).ring([1]);
      await eventually("the connection is over", () => gone.status === "end");
      createRedisBell(gone).ring([1]);
      expect(heard).to.deep.equal([]);
    });
  });
}
