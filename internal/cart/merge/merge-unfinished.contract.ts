import { expect } from "chai";
import { shardOf } from "../../platform/identity/shard-of.ts";
import type { RedisConnection } from "../../platform/redis/redis.ts";
import { shardKeys } from "../store/keys.ts";
import { playMerges, SHARDS, sceneOn } from "./merge-scene.contract.ts";

/** What becomes of merges that their process did not finish, on any Redis that `connect` gives. */
export function describeUnfinishedMerges(name: string, connect: () => Promise<RedisConnection>): void {
  describe(`A merge on ${name}`, function () {
    let redis: RedisConnection;
    let scene: ReturnType<typeof sceneOn>;
    playMerges(this, connect, (on, next) => {
      [redis, scene] = [on, next];
    });

    for (const [step, last] of [
      ["the take", "take"],
      ["the give", "give"],
    ] as const) {
      it(`that ends after ${step} is finished by the next call, whoever asks`, async () => {
        await scene.fill(scene.guest, { tea: 2 });
        await scene.fill(scene.user, { tea: 1 });
        await scene.upTo(last);
        await scene.fill(scene.guest, { mug: 1 });
        const other = await scene.merged({ user: `${scene.user}-other`, strategy: "sum" });
        expect(scene.quantities(other.cart)).to.deep.equal({ mug: 1 });
        expect(await scene.cartOf(scene.user)).to.deep.equal({ tea: 3 });
        expect(await scene.pending()).to.deep.equal([]);
      });

      it(`that ends after ${step} is finished once by several sweepers, and its repeat knows the outcome`, async () => {
        await scene.fill(scene.guest, { tea: 2 });
        await scene.fill(scene.user, { tea: 1 });
        await scene.upTo(last);
        scene.catalog.setUnavailable(true);
        await Promise.all(Array.from({ length: 4 }, () => scene.sweep()));
        expect(await scene.cartOf(scene.user)).to.deep.equal({ tea: 3 });
        expect(await scene.pending()).to.deep.equal([]);
        const repeated = await scene.merged({ strategy: "sum" });
        expect([repeated.replayed, scene.quantities(repeated.cart)]).to.deep.equal([true, { tea: 3 }]);
        expect(
          (await scene.events(scene.user)).filter(({ data }) => data.change.type === "merged"),
        ).to.have.length(1);
      });
    }

    for (const [off, hours] of [
      ["fast", 1],
      ["slow", -1],
    ] as const)
      it(`is as old for a sweeper whose clock is an hour ${off} as for Redis`, async () => {
        await scene.fill(scene.guest, { tea: 2 });
        await scene.upTo("take");
        const { now } = Date;
        Date.now = () => now() + hours * 3_600_000;
        try {
          await scene.sweep(60_000);
          expect(await scene.pending(), "waits for less than a minute").to.deep.equal([scene.guest]);
          await scene.sweep();
          expect(await scene.pending()).to.deep.equal([]);
        } finally {
          Date.now = now;
        }
      });

    for (const [what, text] of [
      ["is no JSON", "{"],
      ["has a strategy that nobody knows", JSON.stringify({ strategy: "mine" })],
    ] as const)
      it(`whose transfer ${what} stays, and does not keep a sweep from the others, nor a call from its answer`, async () => {
        const other = sceneOn(redis);
        for (const each of [scene, other]) {
          await each.fill(each.guest, { tea: 2 });
          await each.upTo("take");
        }
        const transfer = shardKeys.transfer(shardOf(scene.guest, SHARDS), scene.guest);
        const whole = await redis.hget(transfer, "pending");
        await redis.hset(transfer, "pending", text);
        await scene.sweep();
        expect(await other.cartOf(other.user)).to.deep.equal({ tea: 2 });
        expect(await scene.store.resume(scene.guest)).to.deep.equal({
          ok: false,
          error: { code: "CART_STORE_UNAVAILABLE", lasting: true },
        });
        await redis.hset(transfer, "pending", whole!);
        await scene.sweep();
        expect(await scene.cartOf(scene.user)).to.deep.equal({ tea: 2 });
      });

    const spoilings = {
      "of another type": (cart: string) => redis.set(cart, "corrupt"),
      "without an id": (cart: string) => redis.hset(cart, "@v", "1", "@x", "99999999999999", "tea", "1"),
    };
    for (const [corrupt, spoil] of Object.entries(spoilings))
      it(`that cannot be finished, for a user's cart ${corrupt}, stays, and does not keep a sweep from the others`, async () => {
        const before = await scene.store.countWaiting();
        const more = async () => (await scene.store.countWaiting()) - before;
        await scene.fill(scene.guest, { tea: 2 });
        await scene.upTo("take");
        const cart = shardKeys.cart(shardOf(scene.user, SHARDS), scene.user);
        await spoil(cart);
        const others = Array.from({ length: 20 }, () => sceneOn(redis));
        for (const other of others) {
          await other.fill(other.guest, { tea: 1 });
          await other.upTo("take");
        }
        expect(await more()).to.equal(21);
        await scene.sweep();
        for (const other of others) expect(await other.cartOf(other.user)).to.deep.equal({ tea: 1 });
        expect(await more()).to.equal(1);
        expect(await scene.pending()).to.deep.equal([scene.guest]);
        await redis.del(cart);
        await scene.sweep();
        expect(await scene.cartOf(scene.user)).to.deep.equal({ tea: 2 });
      });
  });
}
