import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { shardOf } from "../../platform/identity/shard-of.ts";
import { createLogger } from "../../platform/logger/logger.ts";
import { awaitRedis, connectRedis, type RedisConnection } from "../../platform/redis/redis.ts";
import { parseRedisUrl } from "../../platform/redis/redis-url.ts";
import { unwrap } from "../../platform/result/result.ts";
import { eventually } from "../../testkit/eventually.ts";
import { type RedisCluster, reshard } from "../../testkit/servers/redis-cluster.ts";
import { ownRedisCluster } from "../../testkit/servers/test-servers.ts";
import { shardKeys } from "./keys.ts";
import { rightsOn } from "./rights.redis.ts";
import { createRedisCartStore } from "./store.redis.ts";
import type { CartStore } from "./store.ts";

const SHARDS = 64;
const OWNERS = Array.from({ length: 96 }, (_, n) => `user:cluster-${n}`);
const log = createLogger("test", "silent");

describe("The cart store on a Redis Cluster that changes under load", function () {
  this.timeout(180_000);
  let cluster: RedisCluster;
  let redis: RedisConnection;
  let store: CartStore;
  before(async () => {
    cluster = await ownRedisCluster();
    // One address; of a master that lives through the tests.
    redis = connectRedis(parseRedisUrl(cluster.servers[1]!.url)!, { log, commandTimeoutMs: 2_000 });
    await awaitRedis(redis, 20_000);
    const limits = { maxLines: 10, maxQuantity: 1_000_000 };
    store = createRedisCartStore({ redis, shards: SHARDS, ttlMs: 600_000, graceMs: 600_000, limits, log });
  });
  after(() => redis?.disconnect());

  const add = (owner: string, idempotencyKey: string | null) =>
    store.apply(
      owner,
      { op: "add", productId: "tea", quantity: 1, stock: 1_000_000 },
      { ifMatch: null, idempotencyKey, traceparent: null },
    );
  const quantityOf = async (owner: string) => unwrap(await store.read(owner)).items[0]?.quantity ?? 0;

  /** Every owner adds, one by one, until stopped; a refusal is repeated with its key, if it has one. */
  function load() {
    let stopped = false;
    const counts = new Map(OWNERS.map((owner) => [owner, { applied: 0, unknown: 0 }]));
    const done = Promise.all(
      OWNERS.map(async (owner, index) => {
        const count = counts.get(owner)!;
        while (!stopped) {
          // Half of the owners send no key: a migrating slot then has none that is absent.
          const key = index % 2 === 0 ? `load-${process.pid}-${performance.now()}` : null;
          let result = await add(owner, key);
          // Paced: a store that is away refuses at once.
          for (; !result.ok && key !== null; await delay(20)) result = await add(owner, key);
          await delay(20);
          if (result.ok) count.applied++;
          else count.unknown++;
        }
      }),
    );
    return {
      counts,
      stop: async () => {
        stopped = true;
        await done;
      },
    };
  }

  /** What each cart gained, and that each change has its one event with its one version. */
  async function settle(before: Map<string, number>, { counts }: ReturnType<typeof load>) {
    for (const owner of OWNERS) {
      const { applied, unknown } = counts.get(owner)!;
      const gained = (await quantityOf(owner)) - before.get(owner)!;
      expect(gained, `${owner}: none lost`).to.be.at.least(applied);
      expect(gained, `${owner}: none double`).to.be.at.most(applied + unknown);
      const { cartId, version } = unwrap(await store.read(owner));
      const entries = await redis.xrange(shardKeys.stream(shardOf(owner, SHARDS)), "-", "+");
      const versions = entries
        .map(([, flat]) => Object.fromEntries(flat.map((field, i) => [field, flat[i + 1]])))
        .filter((entry) => entry.subject === cartId)
        .map((entry) => Number(entry.version));
      expect(versions).to.deep.equal(Array.from({ length: version }, (_, n) => n + 1));
    }
  }
  const quantities = async () =>
    new Map(await Promise.all(OWNERS.map(async (owner) => [owner, await quantityOf(owner)] as const)));

  it("loses no change and makes none twice while its slots move, and refuses none that has no key", async () => {
    for (const owner of OWNERS) unwrap(await add(owner, null));
    const before = await quantities();
    const running = load();
    await reshard(cluster.servers[0]!, cluster.servers[1]!, 300);
    await reshard(cluster.servers[1]!, cluster.servers[0]!, 300);
    await running.stop();
    const sum = (which: "applied" | "unknown") =>
      [...running.counts.values()].reduce((total, count) => total + count[which], 0);
    expect(sum("applied")).to.be.greaterThan(OWNERS.length);
    expect(sum("unknown")).to.equal(0);
    await settle(before, running);
    for (const owner of OWNERS) unwrap(await add(owner, null));
  });

  it("finds by readiness what one node of it denies, and refuses the changes of that node's shards alone", async () => {
    const url = new URL(cluster.servers[1]!.url);
    [url.username, url.password] = ["short", "x"];
    const nodes = "nodes" in redis ? redis.nodes("master") : [];
    const others = cluster.servers.slice(0, 3).map(({ port }) => port);
    await Promise.all(nodes.map((node) => node.acl("SETUSER", "short", "on", "nopass", "~*", "&*", "+@all")));
    const limited = connectRedis(parseRedisUrl(url.href)!, { log, commandTimeoutMs: 2_000 });
    try {
      await awaitRedis(limited, 20_000);
      await rightsOn(limited).check(SHARDS);
      for (const port of others) {
        const node = nodes.find(({ options }) => options.port === port)!;
        await node.acl("SETUSER", "short", "-zadd");
        const said = await rightsOn(limited)
          .check(SHARDS)
          .catch((error: Error) => error.message);
        expect(said).to.match(new RegExp(`of the Redis at \\S+:${port} does not allow its user ZADD`));
        const allowed = await Promise.all(
          Array.from({ length: SHARDS }, async (_, shard) => {
            await rightsOn(limited)
              .assured(shard)
              ?.catch(() => {});
            return rightsOn(limited).assured(shard) === null;
          }),
        );
        expect(new Set(allowed), "some shards are refused, some are not").to.deep.equal(
          new Set([true, false]),
        );
        await node.acl("SETUSER", "short", "+zadd");
      }
      await rightsOn(limited).check(SHARDS);
    } finally {
      limited.disconnect();
      await Promise.all(nodes.map((node) => node.acl("DELUSER", "short")));
    }
  });

  it("goes on by itself on the replica of a master that was killed, with what had reached it", async () => {
    const before = await quantities();
    const master = cluster.servers[0]!;
    const running = load();
    await eventually("there is load", () => [...running.counts.values()].every(({ applied }) => applied > 3));
    await running.stop();
    const nodes = "nodes" in redis ? redis.nodes("master") : [];
    const killed = nodes.find(({ options }) => options.port === master.port)!;
    await eventually("its replica has everything", async () => (await killed.wait(1, 500)) === 1);
    await settle(before, running);
    const held = await quantities();
    const beside = load();
    let tries = 0;
    await master.kill("SIGKILL");
    await eventually(
      "every cart is changed again",
      async () => {
        tries++;
        const results = await Promise.all(OWNERS.map((owner) => add(owner, null)));
        return results.every((result) => result.ok);
      },
      { timeoutMs: 60_000 },
    );
    await beside.stop();
    const after = await quantities();
    for (const owner of OWNERS) {
      const { applied, unknown } = beside.counts.get(owner)!;
      expect(after.get(owner)!, `${owner}: what was replicated is there`).to.be.at.least(held.get(owner)!);
      const most = held.get(owner)! + applied + unknown + tries;
      expect(after.get(owner)!, `${owner}: none double`).to.be.at.most(most);
    }
    for (const owner of OWNERS) unwrap(await add(owner, null));
  });
});
