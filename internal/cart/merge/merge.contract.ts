import { expect } from "chai";
import { shardOf } from "../../platform/identity/shard-of.ts";
import type { RedisConnection } from "../../platform/redis/redis.ts";
import { shardKeys } from "../store/keys.ts";
import { MOST_LINES, MOST_QUANTITY, playMerges, SHARDS, sceneOn } from "./merge-scene.contract.ts";

/** What merges must do on any Redis that `connect` gives. */
export function describeMerges(name: string, connect: () => Promise<RedisConnection>): void {
  describe(`A merge on ${name}`, function () {
    let redis: RedisConnection;
    let scene: ReturnType<typeof sceneOn>;
    playMerges(this, connect, (on, next) => {
      [redis, scene] = [on, next];
    });

    it("moves the guest's lines, tells it of both carts and leaves the guest without one", async () => {
      const { guest, user } = scene;
      const taken = await scene.fill(guest, { tea: 2, mug: 1 });
      await scene.fill(user, { pot: 3 });
      const { cart, lines, replayed } = await scene.merged({});
      expect(scene.quantities(cart)).to.deep.equal({ pot: 3, tea: 2, mug: 1 });
      expect(lines).to.deep.equal([
        { productId: "tea", outcome: "merged", guestQuantity: 2, userQuantity: 0, quantity: 2 },
        { productId: "mug", outcome: "merged", guestQuantity: 1, userQuantity: 0, quantity: 1 },
        { productId: "pot", outcome: "kept", guestQuantity: 0, userQuantity: 3, quantity: 3 },
      ]);
      expect(replayed).to.equal(false);
      expect(await scene.cartOf(guest)).to.deep.equal({});
      const [last] = (await scene.events(guest)).slice(-1);
      expect(last).to.deep.include({
        type: "cart.merged",
        subject: taken.cartId,
        version: taken.version + 1,
      });
      expect(last!.data).to.deep.include({ owner: guest, items: [], expiresAt: null });
      expect(last!.data.change).to.deep.equal({
        type: "cart-merged",
        into: user,
        strategy: "max",
        lines: taken.items,
      });
      const [gained] = (await scene.events(user)).slice(-1);
      expect(gained).to.deep.include({ type: "cart.updated", subject: cart.cartId, version: 2 });
      expect(gained!.data.change).to.deep.equal({
        type: "merged",
        from: taken.cartId,
        fromVersion: taken.version,
        strategy: "max",
      });
      expect(await scene.pending()).to.deep.equal([]);
    });

    for (const [strategy, both, outcome] of [
      ["max", 5, "merged"],
      ["sum", 7, "merged"],
      ["keep-user", 2, "kept"],
      ["keep-guest", 5, "merged"],
    ] as const)
      it(`by ${strategy} makes ${both} of the guest's 5 and the user's 2`, async () => {
        await scene.fill(scene.guest, { tea: 5, mug: 1 });
        await scene.fill(scene.user, { tea: 2, pot: 1 });
        const { cart, lines } = await scene.merged({ strategy });
        expect(scene.quantities(cart)).to.deep.equal({ tea: both, mug: 1, pot: 1 });
        expect(lines[0]).to.deep.include({ outcome, guestQuantity: 5, userQuantity: 2, quantity: both });
      });

    it("by max changes nothing for who signs out and in again, and says so", async () => {
      await scene.fill(scene.user, { tea: 2 });
      await scene.fill(scene.guest, { tea: 2 });
      const before = await scene.events(scene.user);
      const { cart, lines } = await scene.merged({});
      expect([cart.version, scene.quantities(cart)]).to.deep.equal([1, { tea: 2 }]);
      expect(lines.map(({ outcome }) => outcome)).to.deep.equal(["kept"]);
      expect(await scene.events(scene.user)).to.deep.equal(before);
      expect((await scene.merged({})).lines, "and the repeat").to.deep.equal(lines);
    });

    it("never takes from the user what a limit or the stock keeps from being added, and says why", async () => {
      await scene.fill(scene.guest, { tea: 60, scarce: 5, gone: 1, soldout: 2, mug: 1, pot: 1 });
      await scene.fill(scene.user, { tea: 60, scarce: 2, a: 1, b: 1 });
      scene.catalog.put(scene.product("scarce", 3));
      scene.catalog.put(scene.product("soldout", 0));
      scene.catalog.remove("gone");
      const { cart, lines } = await scene.merged({ strategy: "sum" });
      expect(scene.quantities(cart)).to.deep.equal({
        tea: MOST_QUANTITY,
        scarce: 3,
        a: 1,
        b: 1,
        mug: 1,
        pot: 1,
      });
      expect(
        lines.slice(0, 6).map(({ productId, outcome, reason }) => [productId, outcome, reason]),
      ).to.deep.equal([
        ["tea", "capped", "QUANTITY_LIMIT"],
        ["scarce", "capped", "OUT_OF_STOCK"],
        ["gone", "dropped", "PRODUCT_NOT_FOUND"],
        ["soldout", "dropped", "OUT_OF_STOCK"],
        ["mug", "merged", undefined],
        ["pot", "merged", undefined],
      ]);
    });

    it("keeps what the user has when the stock has sunk below it, by every strategy", async () => {
      for (const strategy of ["max", "sum", "keep-user"] as const) {
        const own = sceneOn(redis);
        await own.fill(own.guest, { tea: 9 });
        await own.fill(own.user, { tea: 4 });
        own.catalog.put(own.product("tea", 1));
        expect(own.quantities((await own.merged({ strategy })).cart), strategy).to.deep.equal({ tea: 4 });
      }
    });

    it("drops the lines for which the user's cart has no room, in the guest's order", async () => {
      await scene.fill(scene.guest, { tea: 1, mug: 1, pot: 1 });
      const products = ["a", "b", "c", "d", "e"].slice(0, MOST_LINES - 1);
      await scene.fill(scene.user, Object.fromEntries(products.map((each) => [each, 1])));
      const { cart, lines } = await scene.merged({});
      expect(cart.items).to.have.length(MOST_LINES);
      expect(lines.slice(0, 3).map(({ outcome, reason }) => [outcome, reason])).to.deep.equal([
        ["merged", undefined],
        ["dropped", "LINE_LIMIT"],
        ["dropped", "LINE_LIMIT"],
      ]);
    });

    it("takes what the guest has put into a new cart since, as another merge", async () => {
      await scene.fill(scene.guest, { tea: 2 });
      await scene.merged({ strategy: "sum" });
      await scene.fill(scene.guest, { tea: 1 });
      const { cart, replayed } = await scene.merged({ strategy: "sum" });
      expect([replayed, scene.quantities(cart)]).to.deep.equal([false, { tea: 3 }]);
    });

    it("is done once by many tabs at the same time", async () => {
      await scene.fill(scene.guest, { tea: 2 });
      await scene.fill(scene.user, { tea: 1 });
      const outcomes = await Promise.all(Array.from({ length: 20 }, () => scene.merged({ strategy: "sum" })));
      for (const { cart } of outcomes) expect(scene.quantities(cart)).to.deep.equal({ tea: 3 });
      expect(outcomes.filter(({ replayed }) => !replayed)).to.have.length(1);
      expect((await scene.events(scene.user)).map(({ version }) => version)).to.deep.equal([1, 2]);
    });

    it("loses and doubles nothing while the guest goes on adding", async () => {
      await scene.fill(scene.guest, { tea: 1 });
      const adding = (async () => {
        for (let n = 0; n < 30; n++) await scene.fill(scene.guest, { tea: 1 });
      })();
      for (let n = 0; n < 10; n++) await scene.merge({ strategy: "sum" });
      await adding;
      await scene.merged({ strategy: "sum" });
      expect(await scene.cartOf(scene.user)).to.deep.equal({ tea: 31 });
      expect(await scene.cartOf(scene.guest)).to.deep.equal({});
    });

    it("of no cart is the user's cart as it is", async () => {
      await scene.fill(scene.user, { tea: 1 });
      const { cart, lines, replayed } = await scene.merged({});
      expect([scene.quantities(cart), lines.length, replayed]).to.deep.equal([{ tea: 1 }, 1, false]);
      expect(await scene.events(scene.guest)).to.deep.equal([]);
    });

    it("gives nobody else's outcome to a user who comes with the same guest later", async () => {
      await scene.fill(scene.guest, { tea: 2 });
      await scene.merged({});
      const other = await scene.merged({ user: `${scene.user}-other` });
      expect([other.lines, other.replayed]).to.deep.equal([[], false]);
    });

    it("begins nothing while the catalog cannot be asked", async () => {
      await scene.fill(scene.guest, { tea: 2 });
      scene.catalog.setUnavailable(true);
      expect(await scene.merge({})).to.have.nested.property("error.code", "CATALOG_UNAVAILABLE");
      expect(await scene.cartOf(scene.guest)).to.deep.equal({ tea: 2 });
    });

    it("remembers a bounded number of outcomes of a user, for 24 h", async () => {
      const guests = Array.from({ length: 70 }, (_, n) => `${scene.guest}-${n}`);
      await Promise.all(
        guests.map(async (guest) => {
          await scene.fill(guest, { tea: 1 });
          await scene.merged({ guest });
        }),
      );
      const key = shardKeys.merges(shardOf(scene.user, SHARDS), scene.user);
      expect(await redis.hlen(key)).to.equal(65);
      expect(await redis.pttl(key)).to.be.within(86_000_000, 86_400_000);
    });

    it("finds a cart of the user that has expired, and ends it first", async () => {
      await scene.fill(scene.user, { pot: 1 });
      await redis.hset(shardKeys.cart(shardOf(scene.user, SHARDS), scene.user), "@x", 1);
      await scene.fill(scene.guest, { tea: 2 });
      const { cart } = await scene.merged({});
      expect([cart.version, scene.quantities(cart)]).to.deep.equal([1, { tea: 2 }]);
      expect((await scene.events(scene.user)).map(({ type }) => type)).to.deep.equal([
        "cart.updated",
        "cart.expired",
        "cart.updated",
      ]);
    });

    for (const [reason, ending] of [
      ["time", (cart: string) => redis.hset(cart, "@x", 1)],
      ["missing", (cart: string) => redis.del(cart)],
    ] as const)
      for (const who of ["the call", "the sweep"])
        it(`is counted once where it tells of the user's cart, which ended by "${reason}": ${who}`, async () => {
          await scene.fill(scene.user, { pot: 1 });
          await ending(shardKeys.cart(shardOf(scene.user, SHARDS), scene.user));
          await scene.fill(scene.guest, { tea: 2 });
          if (who === "the sweep") {
            await scene.upTo("take");
            await scene.sweep();
          }
          for (let repeats = 0; repeats < 2; repeats++) await scene.merged({ strategy: "sum" });
          expect(await scene.expiredTotals()).to.deep.equal({ [reason]: 1 });
        });
  });
}
