import { expect } from "chai";
import { createLogger } from "../platform/logger/logger.ts";
import { awaitRedis, connectRedis, type RedisConnection } from "../platform/redis/redis.ts";
import { parseRedisUrl } from "../platform/redis/redis-url.ts";
import { eventually } from "../testkit/eventually.ts";
import { recordingLogger } from "../testkit/recording-logger.ts";
import { testRedis, testRedisCluster } from "../testkit/servers/test-servers.ts";
import { createRedisCommitNotifier, createRedisCommitSubscriber } from "./commit-notifier.redis.ts";

const log = createLogger("test", "fatal");

for (const [where, url] of [
  ["one Redis", async () => (await testRedis()).url],
  ["a Redis Cluster", async () => (await testRedisCluster()).url],
] as const) {
  describe(`Commit notifications on ${where}`, function () {
    this.timeout(60_000);
    const open: RedisConnection[] = [];
    let heard: number[][] = [];

    async function connect(): Promise<RedisConnection> {
      const options = { log, commandTimeoutMs: 5_000 };
      const redis = connectRedis(parseRedisUrl(await url())!, options);
      open.push(redis);
      return redis;
    }
    /** Notifies until it is heard: a subscription takes its time. */
    const notifyUntilHeard = async (redis: RedisConnection, partitions: number[]) => {
      heard = [];
      const notifier = createRedisCommitNotifier(redis, log);
      await eventually("the notifier is heard", () => {
        notifier.notify(partitions);
        // Not what came last: a notification of before may still be on its way.
        return heard.some((each) => each.join() === partitions.join());
      });
    };
    beforeEach(() => {
      heard = [];
    });
    afterEach(() => {
      for (const redis of open.splice(0)) redis.disconnect();
    });

    it("is heard by a listener that began before Redis was connected, with the partitions notified", async () => {
      createRedisCommitSubscriber(await connect(), log).listen((partitions) => heard.push([...partitions]));
      const notifying = await connect();
      await awaitRedis(notifying, 10_000);
      await notifyUntilHeard(notifying, [3, 17, 63]);
      expect(heard[0]).to.deep.equal([3, 17, 63]);
    });

    it("is heard again after the listener's connection broke", async () => {
      createRedisCommitSubscriber(await connect(), log).listen((partitions) => heard.push([...partitions]));
      const notifying = await connect();
      await awaitRedis(notifying, 10_000);
      await notifyUntilHeard(notifying, [1]);
      const nodes = "nodes" in notifying ? notifying.nodes("master") : [notifying];
      const ended = await Promise.all(nodes.map((node) => node.call("CLIENT", "KILL", "TYPE", "pubsub")));
      expect(ended.reduce<number>((sum, each) => sum + Number(each), 0)).to.be.at.least(1);
      await notifyUntilHeard(notifying, [2]);
    });

    it("may be notified while there is no connection: nothing is thrown and nobody hears it", async () => {
      createRedisCommitSubscriber(await connect(), log).listen((partitions) => heard.push([...partitions]));
      const [gone, notifying] = [await connect(), await connect()];
      await Promise.all([gone, notifying].map((redis) => awaitRedis(redis, 10_000)));
      gone.disconnect();
      await eventually("the connection is over", () => gone.status !== "ready");
      createRedisCommitNotifier(gone, log).notify([1]);
      await notifyUntilHeard(notifying, [2]);
      expect(heard.flat()).not.to.include(1);
    });
  });
}

describe("Commit notifications on a Redis that forbids its channel", function () {
  this.timeout(60_000);

  it("is reported once at either end, ends no process, and is heard again when it is allowed", async () => {
    const redisUrl = (await testRedis()).url;
    const admin = connectRedis(parseRedisUrl(redisUrl)!, { log, commandTimeoutMs: 5_000 });
    await awaitRedis(admin, 10_000);
    const user = `notifier-${process.pid}`;
    const allow = (...channels: string[]) =>
      admin.call("ACL", "SETUSER", user, "on", ">secret", "~*", "+@all", "resetchannels", ...channels);
    await allow("&outbox-committed");
    const url = new URL(redisUrl);
    [url.username, url.password] = [user, "secret"];
    const { log: recorded, lines } = recordingLogger();
    const open = () => connectRedis(parseRedisUrl(url.href)!, { log, commandTimeoutMs: 5_000 });
    const [listening, notifying] = [open(), open()];
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on("unhandledRejection", note);
    try {
      const heard: number[][] = [];
      createRedisCommitSubscriber(listening, recorded).listen((partitions) => heard.push([...partitions]));
      const notifier = createRedisCommitNotifier(notifying, recorded);
      await awaitRedis(notifying, 10_000);
      const notified = () => {
        notifier.notify([1]);
        return heard.length > 0;
      };
      await eventually("it is heard", notified);
      // Redis ends the connection of a listener that has lost its channel.
      await allow();
      const said = (what: RegExp) => lines.filter((line) => what.test(String(line.msg))).length;
      await eventually("both ends have said so", () => {
        notified();
        return said(/refuses commit notifications/) === 1 && said(/refuses the subscription/) === 1;
      });
      heard.length = 0;
      await allow("&outbox-committed");
      await eventually("it is heard again", notified);
      expect(said(/refuses commit notifications|refuses the subscription/)).to.equal(2);
      expect(unhandled).to.deep.equal([]);
    } finally {
      process.off("unhandledRejection", note);
      for (const each of [listening, notifying]) each.disconnect();
      await admin.call("ACL", "DELUSER", user);
      admin.disconnect();
    }
  });
});
