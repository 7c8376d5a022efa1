import { expect } from "chai";
import type { RedisConnection } from "../../platform/redis/redis.ts";
import { unwrap } from "../../platform/result/result.ts";
import { playMerges, type sceneOn } from "./merge-scene.contract.ts";
import { STRATEGIES } from "./transfer.ts";

/** What merges must do about checkouts of the user's own cart, on any Redis that `connect` gives. */
export function describeMergesBesideUserCheckouts(
  name: string,
  connect: () => Promise<RedisConnection>,
): void {
  describe(`A merge beside a checkout of the user's, on ${name}`, function () {
    let scene: ReturnType<typeof sceneOn>;
    playMerges(this, connect, (_redis, next) => {
      scene = next;
    });

    const claim = async (token: string) =>
      unwrap(await scene.checkouts.claim(scene.user, { token, key: token, request: "request" }));
    /** The user orders the whole cart, which is not reduced; resolves with what reduces it. */
    async function ordered(token = "one") {
      const { cartId, version, items } = await claim(token);
      unwrap(await scene.checkouts.release(scene.user, token, "unknown"));
      const order = { orderId: token, cartId: cartId!, version, items };
      return async () => (await scene.checkouts.reduce(scene.user, order, null)).ok;
    }

    for (const strategy of STRATEGIES)
      it(`gives by ${strategy} what the guest has, when all that the user had is ordered`, async () => {
        await scene.fill(scene.user, { tea: 3 });
        const reduce = await ordered();
        scene.settle(reduce);
        await scene.fill(scene.guest, { tea: 5 });
        const { lines } = await scene.merged({ strategy });
        expect(lines).to.deep.equal([
          { productId: "tea", outcome: "merged", guestQuantity: 5, userQuantity: 0, quantity: 5 },
        ]);
        await reduce();
        expect(await scene.cartOf(scene.user)).to.deep.equal({ tea: 5 });
      });

    it("leaves both carts alone while the checkout is under way", async () => {
      await scene.fill(scene.user, { tea: 3 });
      await scene.fill(scene.guest, { tea: 5 });
      await claim("one");
      expect(await scene.merge({})).to.have.nested.property("error.code", "MERGE_CONFLICT");
      expect(await scene.cartOf(scene.user)).to.deep.equal({ tea: 3 });
      expect(await scene.cartOf(scene.guest)).to.deep.equal({ tea: 5 });
      unwrap(await scene.checkouts.release(scene.user, "one", "nothing"));
      expect(scene.quantities((await scene.merged({})).cart)).to.deep.equal({ tea: 5 });
      expect(scene.settled).to.deep.equal([]);
    });

    it("takes no guest's cart while nobody can say what the user has ordered", async () => {
      await scene.fill(scene.user, { tea: 3 });
      await scene.fill(scene.guest, { tea: 5 });
      await ordered();
      scene.settle(async () => false);
      expect(await scene.merge({})).to.have.nested.property("error.code", "MERGE_CONFLICT");
      expect(await scene.cartOf(scene.guest)).to.deep.equal({ tea: 5 });
      expect(await scene.pending()).to.deep.equal([]);
    });

    it("takes out what was ordered between the guest's cart being taken and given, each order", async () => {
      await scene.fill(scene.user, { tea: 3 });
      await scene.fill(scene.guest, { tea: 5 });
      const merging = scene.interrupted(2, { strategy: "max" }, async () => {
        const reduce = await ordered();
        scene.settle(async () => {
          expect(await reduce()).to.equal(true);
          await scene.fill(scene.user, { tea: 4 });
          scene.settle(await ordered("two"));
          return true;
        });
      });
      expect(scene.quantities(unwrap(await merging).cart)).to.deep.equal({ tea: 5 });
      expect(scene.settled).to.deep.equal([scene.user, scene.user]);
    });

    for (const [who, finish] of [
      ["a repeat", () => scene.merged({})],
      ["a sweep", () => scene.sweep()],
    ] as const)
      it(`is finished by ${who} once it can be known what was ordered after the guest's cart was taken`, async () => {
        scene.settle(async () => false);
        await scene.fill(scene.user, { tea: 3 });
        await scene.fill(scene.guest, { tea: 5 });
        let reduce = async () => false;
        const late = await scene.interrupted(2, { strategy: "max" }, async () => {
          reduce = await ordered();
        });
        expect(late).to.have.nested.property("error.code", "CART_STORE_UNAVAILABLE");
        await scene.sweep();
        expect(await scene.cartOf(scene.user)).to.deep.equal({ tea: 3 });
        expect(await scene.pending()).to.deep.equal([scene.guest]);
        scene.settle(reduce);
        await finish();
        expect(await scene.cartOf(scene.user)).to.deep.equal({ tea: 5 });
        expect(await scene.pending()).to.deep.equal([]);
      });

    it("gives up where the user goes on checking out, and is finished later", async () => {
      await scene.fill(scene.user, { mug: 1 });
      await scene.fill(scene.guest, { tea: 5 });
      const busy = await scene.interrupted(2, {}, async () => {
        await ordered("0");
        scene.settle(async () => ordered(String(scene.settled.length)).then(() => true));
      });
      expect(busy).to.have.nested.property("error.code", "CART_STORE_UNAVAILABLE");
      scene.settle(async () => true);
      await scene.sweep();
      expect(await scene.cartOf(scene.user)).to.deep.equal({ mug: 1, tea: 5 });
    });
  });
}
