import { expect } from "chai";
import type { RedisConnection } from "../../platform/redis/redis.ts";
import { unwrap } from "../../platform/result/result.ts";
import { playMerges, type sceneOn } from "./merge-scene.contract.ts";

/** What merges must do about checkouts of the guest's cart, on any Redis that `connect` gives. */
export function describeMergesBesideCheckouts(name: string, connect: () => Promise<RedisConnection>): void {
  describe(`A merge beside a checkout, on ${name}`, function () {
    let scene: ReturnType<typeof sceneOn>;
    playMerges(this, connect, (_redis, next) => {
      scene = next;
    });

    it("leaves a cart alone whose checkout is under way", async () => {
      await scene.fill(scene.guest, { tea: 2 });
      await scene.claim("one");
      expect(await scene.merge({})).to.have.nested.property("error.code", "MERGE_CONFLICT");
      expect(await scene.cartOf(scene.guest)).to.deep.equal({ tea: 2 });
      unwrap(await scene.checkouts.release(scene.guest, "one", "nothing"));
      expect(scene.quantities((await scene.merged({})).cart)).to.deep.equal({ tea: 2 });
      expect(scene.decided).to.deep.equal([]);
    });

    it("takes a cart only after it is decided what came of a checkout that nobody saw the end of", async () => {
      await scene.fill(scene.guest, { tea: 2, mug: 1 });
      const ordered = await scene.claim("one");
      unwrap(await scene.checkouts.release(scene.guest, "one", "unknown"));
      scene.decide(async () => false);
      expect(await scene.merge({})).to.have.nested.property("error.code", "MERGE_CONFLICT");
      expect(await scene.cartOf(scene.guest)).to.deep.equal({ tea: 2, mug: 1 });
      scene.decide(async (guest) => {
        const items = [{ productId: "tea", quantity: 2 }];
        const order = { orderId: "o", cartId: ordered.cartId!, version: ordered.version, items };
        return (await scene.checkouts.reduce(guest, order, null)).ok;
      });
      expect(scene.quantities((await scene.merged({})).cart)).to.deep.equal({ mug: 1 });
      expect(scene.decided).to.deep.equal([scene.guest, scene.guest]);
    });

    it("asks what came of an earlier checkout too, when the last one has ordered nothing", async () => {
      await scene.fill(scene.guest, { tea: 2 });
      await scene.claim("one");
      unwrap(await scene.checkouts.release(scene.guest, "one", "unknown"));
      await scene.claim("two");
      unwrap(await scene.checkouts.release(scene.guest, "two", "nothing"));
      await scene.merged({});
      expect(scene.decided).to.deep.equal([scene.guest]);
    });

    it("asks nobody when a later checkout has taken its order out of the cart", async () => {
      await scene.fill(scene.guest, { tea: 2, mug: 1 });
      await scene.claim("one");
      unwrap(await scene.checkouts.release(scene.guest, "one", "unknown"));
      const { cartId, version } = await scene.claim("two");
      const items = [{ productId: "tea", quantity: 2 }];
      const order = { orderId: "o", cartId: cartId!, version, items };
      unwrap(await scene.checkouts.reduce(scene.guest, order, null, "two"));
      await scene.merged({});
      expect(scene.decided).to.deep.equal([]);
      expect(await scene.cartOf(scene.user)).to.deep.equal({ mug: 1 });
    });
  });
}
