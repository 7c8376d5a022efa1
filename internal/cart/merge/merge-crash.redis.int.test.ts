import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { createLogger } from "../../platform/logger/logger.ts";
import { awaitRedis, connectRedis, type RedisConnection } from "../../platform/redis/redis.ts";
import { parseRedisUrl } from "../../platform/redis/redis-url.ts";
import { unwrap } from "../../platform/result/result.ts";
import { testRedis, testRedisCluster } from "../../testkit/servers/test-servers.ts";
import { sceneOn } from "./merge-scene.contract.ts";

const DYING_MERGE = fileURLToPath(new URL("./dying-merge.contract.ts", import.meta.url));

for (const [name, server] of [
  ["one Redis", testRedis],
  ["a Redis Cluster of three nodes", testRedisCluster],
] as const)
  describe(`A merge whose process is killed, on ${name}`, function () {
    this.timeout(120_000);
    let url: string;
    let redis: RedisConnection;
    before(async () => {
      ({ url } = await server());
      const log = createLogger("test", "fatal");
      redis = connectRedis(parseRedisUrl(url)!, { log, commandTimeoutMs: 20_000 });
      await awaitRedis(redis, 30_000);
    });
    after(() => redis?.disconnect());

    /** Merges in a process of its own, by `sum`, until it kills itself after the step. */
    async function killedAfter(step: string, id: string) {
      const child = spawn(process.execPath, [DYING_MERGE, url, id, step], { stdio: "inherit" });
      const [code, signal] = await once(child, "exit");
      expect([code, signal], "by its own hand").to.deep.equal([null, "SIGKILL"]);
    }

    for (const step of ["take", "give", "settle"])
      for (const [finisher, finish] of [
        ["the call that is repeated", (scene: Scene) => scene.merge({ strategy: "sum" }).then(unwrap)],
        ["two sweepers", (scene: Scene) => Promise.all([scene.sweep(), scene.sweep()])],
      ] as const)
        it(`after its ${step} is finished by ${finisher}: every quantity is there once`, async () => {
          const scene = sceneOn(redis);
          const { guest, user } = scene;
          await scene.fill(guest, { tea: 2, mug: 1 });
          await scene.fill(user, { tea: 1 });
          await killedAfter(step, scene.id);
          // Both go on meanwhile.
          await scene.fill(guest, { tea: 4 });
          await scene.fill(user, { pot: 1, tea: 8 });
          await finish(scene);
          await finish(scene);
          expect(await scene.pending()).to.deep.equal([]);
          const carts = [await scene.cartOf(guest), await scene.cartOf(user)];
          const sum = (product: string) => carts.reduce((total, cart) => total + (cart[product] ?? 0), 0);
          expect([sum("tea"), sum("mug"), sum("pot")]).to.deep.equal([15, 1, 1]);
          const own = carts[1]!;
          expect([own.mug, own.tea! >= 11], "what was taken was given").to.deep.equal([1, true]);
          for (const owner of [guest, user]) {
            const told = Map.groupBy(await scene.events(owner), ({ subject }) => subject);
            for (const events of told.values())
              expect(events.map(({ version }) => version)).to.deep.equal(events.map((_, n) => n + 1));
          }
          const merges = (await scene.events(user)).filter(({ data }) => data.change.type === "merged");
          expect(new Set(merges.map(({ data }) => data.change.from)).size).to.equal(merges.length);
        });
  });

type Scene = ReturnType<typeof sceneOn>;
