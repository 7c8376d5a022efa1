import { expect } from "chai";
import fc from "fast-check";
import { Registry } from "../../platform/metrics/metrics.ts";
import type { RedisConnection } from "../../platform/redis/redis.ts";
import { unwrap } from "../../platform/result/result.ts";
import { eventually } from "../../testkit/eventually.ts";
import { createExpiredCounter } from "../metrics.ts";
import { shardKeys } from "../store/keys.ts";
import { add, clear, codeOf, lines, log, playCartStore, SHARDS } from "../store/store-play.contract.ts";
import { createExpirySweep } from "./expiry.redis.ts";

/** How carts must end by themselves on any Redis that `connect` gives. */
export function describeCartLife(name: string, connect: () => Promise<RedisConnection>): void {
  describe(`the life of a cart on ${name}`, function () {
    const { redis, owner, shard, storeWith, read, apply, applied, staged } = playCartStore(this, connect);

    it("is empty the moment its time is up, and slides that time on every change", async () => {
      const brief = storeWith({ ttlMs: 300 });
      await apply(add("a", 1), {}, brief);
      const first = Date.parse((await read()).expiresAt!);
      await apply(add("a", 1), {}, brief);
      const { expiresAt, cartId } = await read();
      expect(Date.parse(expiresAt!)).to.be.at.least(first);
      await eventually("the cart is empty", async () => (await read()).version === 0);
      expect(codeOf(await apply(clear)), "nothing to clear").to.equal("ok");

      const next = await applied(add("b", 1));
      expect([next.expired, next.state.version, lines(next.state.items)]).to.deep.equal([
        "time",
        1,
        ["b x 1"],
      ]);
      const events = (await staged()).map((event) => [
        event.type,
        event.subject,
        Number(event.version),
        lines(JSON.parse(event.data).items),
      ]);
      expect(events.slice(2)).to.deep.equal([
        ["cart.expired", cartId, 3, ["a x 2"]],
        ["cart.updated", next.state.cartId, 1, ["b x 1"]],
      ]);
    });

    it("tells of an expiry once, however many sweepers there are", async () => {
      await apply(add("a", 3), {}, storeWith({ ttlMs: 50 }));
      await eventually("the cart is empty", async () => (await read()).version === 0);
      const expired = createExpiredCounter(new Registry());
      const sweeps = Array.from({ length: 8 }, () =>
        createExpirySweep({ redis: redis(), shards: SHARDS, expired, log })(),
      );
      await Promise.all(sweeps);
      const events = await staged();
      expect(events.map((event) => event.type)).to.deep.equal(["cart.updated", "cart.expired"]);
      const told = JSON.parse(events[1]!.data);
      expect([told.ownerKind, lines(told.items)]).to.deep.equal(["user", ["a x 3"]]);
      expect(await redis().exists(shardKeys.cart(shard(), owner()))).to.equal(0);
      expect(await redis().zscore(shardKeys.expiry(shard()), owner())).to.equal(null);
    });

    it("leaves a cart alone that was renewed before the sweep", async () => {
      await apply(add("a", 1), {}, storeWith({ ttlMs: 1 }));
      const renewed = await applied(add("b", 1));
      await createExpirySweep({
        redis: redis(),
        shards: SHARDS,
        expired: createExpiredCounter(new Registry()),
        log,
      })();
      expect(await read()).to.deep.equal(renewed.state);
    });

    it("puts a live cart that the index has as due back in its place", async () => {
      const { state } = await applied(add("a", 1));
      const expiry = shardKeys.expiry(shard());
      await redis().zadd(expiry, 1, owner());
      const expired = createExpiredCounter(new Registry());
      await createExpirySweep({ redis: redis(), shards: SHARDS, expired, log })();
      expect(Number(await redis().zscore(expiry, owner()))).to.equal(Date.parse(state.expiresAt!));
      expect(await read()).to.deep.equal(state);
      expect((await staged()).map((event) => event.type)).to.deep.equal(["cart.updated"]);
    });

    it("writes dates as JavaScript does", async () => {
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: 31_536_000_000 * 50 }), async (ttlMs) => {
          const { state, staged: event } = unwrap(
            await apply(
              add("a", 1, 10_000_000),
              {},
              storeWith({ ttlMs, limits: { maxLines: 1, maxQuantity: 1e6 } }),
            ),
          );
          expect(state.expiresAt).to.equal(new Date(event!.event.occurredAt + ttlMs).toISOString());
        }),
        { numRuns: 200 },
      );
    });
  });
}
