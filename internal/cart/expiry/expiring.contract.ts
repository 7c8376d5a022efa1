import { expect } from "chai";
import { shardOf } from "../../platform/identity/shard-of.ts";
import { createLogger } from "../../platform/logger/logger.ts";
import { Registry } from "../../platform/metrics/metrics.ts";
import type { RedisConnection } from "../../platform/redis/redis.ts";
import { unwrap } from "../../platform/result/result.ts";
import { eventually } from "../../testkit/eventually.ts";
import { createRedisCheckoutStore } from "../checkout/checkout-store.redis.ts";
import { createExpiringCounter } from "../metrics.ts";
import { shardKeys } from "../store/keys.ts";
import { createRedisCartStore } from "../store/store.redis.ts";
import { createExpiringSweep } from "./expiring.redis.ts";

const SHARDS = 8;
const NOTICE_MS = 30_000;
/** Lives of which the second alone is near its end from the beginning. */
const [LONG_MS, BRIEF_MS] = [600_000, 20_000];
const log = createLogger("test", "silent");

/** What the notice of carts near their end must do on any Redis that `connect` gives. */
export function describeExpiringNotices(name: string, connect: () => Promise<RedisConnection>): void {
  describe(`the notice of carts near their end on ${name}`, function () {
    this.timeout(60_000);
    let redis: RedisConnection;
    let owner = "";
    let owners = 0;
    const told = createExpiringCounter(new Registry());

    const sweeper = (more: { shards?: number; anewMs?: number } = {}) =>
      createExpiringSweep({ redis, shards: SHARDS, noticeMs: NOTICE_MS, told, log, ...more });

    before(async () => {
      redis = await connect();
    });
    after(() => redis?.disconnect());
    beforeEach(async () => {
      owner = `guest:expiring-${process.pid}-${++owners}`;
      // Carts that other tests have left, with other lives: a sweep goes on where the latest end it saw lies.
      for (let shard = 0; shard < SHARDS; shard++) await redis.del(shardKeys.expiry(shard));
      told.reset();
    });

    const add = async (ttlMs: number, of = owner, shards = SHARDS) => {
      const limits = { maxLines: 5, maxQuantity: 1_000_000 };
      const store = createRedisCartStore({ redis, shards, ttlMs, graceMs: 60_000, limits, log });
      const change = { op: "add", productId: "tea", quantity: 1, stock: 1_000_000 };
      return unwrap(await store.apply(of, change, { ifMatch: null, idempotencyKey: null, traceparent: null }))
        .state;
    };
    const read = async () => {
      const limits = { maxLines: 5, maxQuantity: 9 };
      const store = createRedisCartStore({ redis, shards: SHARDS, ttlMs: 1, graceMs: 1, limits, log });
      return unwrap(await store.read(owner));
    };
    /** The staged events of this test's owner, oldest first. */
    const staged = async () => {
      const entries = await redis.xrange(shardKeys.stream(shardOf(owner, SHARDS)), "-", "+");
      return entries
        .map(([, flat]) => Object.fromEntries(flat.map((field, i) => [field, flat[i + 1]])))
        .map(({ type, subject, version, data }) => ({
          type,
          subject,
          version: Number(version),
          data: JSON.parse(data!),
        }))
        .filter(({ data }) => data.owner === owner);
    };
    const types = async () => (await staged()).map(({ type }) => type);
    const count = async () => (await told.get()).values[0]?.value ?? 0;

    it("is told once, however many sweepers there are, with the cart's lines and whose it is", async () => {
      const before = await add(BRIEF_MS);
      const sweepers = Array.from({ length: 8 }, () => sweeper());
      for (let round = 0; round < 3; round++) await Promise.all(sweepers.map((sweep) => sweep()));
      const events = await staged();
      expect(events.map(({ type }) => type)).to.deep.equal(["cart.updated", "cart.expiring"]);
      const { items, expiresAt, cartId } = before;
      expect(events[1]).to.deep.include({ subject: cartId, version: 2 });
      expect(events[1]!.data).to.deep.equal({
        owner,
        ownerKind: "guest",
        change: { type: "cart-expiring" },
        cartId,
        version: 2,
        items,
        expiresAt,
      });
      expect(await count()).to.equal(1);
      expect(await read(), "the cart is not renewed").to.deep.equal({ ...before, version: 2 });
    });

    it("is not told of a cart with more time left, and once more in a life that began after it was told", async () => {
      const sweep = sweeper();
      for (const ttlMs of [LONG_MS, BRIEF_MS, LONG_MS, BRIEF_MS]) {
        await add(ttlMs);
        for (const other of [sweep, sweeper(), sweep]) await other();
      }
      expect(await types()).to.deep.equal([
        "cart.updated",
        "cart.updated",
        "cart.expiring",
        "cart.updated",
        "cart.updated",
        "cart.expiring",
      ]);
      expect((await staged()).map(({ version }) => version)).to.deep.equal([1, 2, 3, 4, 5, 6]);
    });

    it("is not told of a cart that was renewed since the index was read", async () => {
      await add(LONG_MS);
      await redis.zadd(shardKeys.expiry(shardOf(owner, SHARDS)), Date.now() + BRIEF_MS, owner);
      await sweeper()();
      expect(await types()).to.deep.equal(["cart.updated"]);
    });

    it("is not told again of a cart that an order takes lines out of, which renews nothing", async () => {
      await add(BRIEF_MS);
      const ordered = await add(BRIEF_MS);
      await sweeper()();
      const checkouts = createRedisCheckoutStore({ redis, shards: SHARDS, log });
      const lines = { orderId: "order", cartId: ordered.cartId!, version: ordered.version };
      unwrap(await checkouts.reduce(owner, { ...lines, items: [{ productId: "tea", quantity: 1 }] }, null));
      await sweeper()();
      expect(await types()).to.deep.equal(["cart.updated", "cart.updated", "cart.expiring", "cart.updated"]);
      expect((await read()).expiresAt).to.equal(ordered.expiresAt);
    });

    it("is told at most once of each life, and of the last, while carts are renewed and sweepers race", async () => {
      const sweepers = Array.from({ length: 4 }, () => sweeper());
      let renewing = true;
      const sweeping = sweepers.map(async (sweep) => {
        while (renewing) await sweep();
      });
      let last = await add(BRIEF_MS);
      for (let n = 0; n < 60; n++) last = await add(n % 3 === 0 ? LONG_MS : BRIEF_MS);
      renewing = false;
      await Promise.all(sweeping);
      await sweepers[0]!();
      const events = await staged();
      expect(events.map(({ version }) => version)).to.deep.equal(events.map((_, n) => n + 1));
      const lives = events.filter(({ type }) => type === "cart.expiring").map(({ data }) => data.expiresAt);
      expect(lives).to.deep.equal([...new Set(lives)]);
      expect(lives.at(-1)).to.equal(last.expiresAt);
      expect(await count()).to.equal(lives.length);
    });

    it("is told of every cart, though more end in one ms than are looked at together", async () => {
      const index = shardKeys.expiry(0);
      const all = Array.from({ length: 1_300 }, (_, n) => `guest:crowd-${process.pid}-${n}`);
      await Promise.all(all.map((each) => add(BRIEF_MS, each, 1)));
      const end = Date.now() + BRIEF_MS;
      // A few end before the crowd does, and a few after it.
      const endOf = (n: number) => end + (n < 20 ? -1 : n < 40 ? 1 : 0);
      await Promise.all(
        all.map(async (each, n) => {
          await redis.hset(shardKeys.cart(0, each), "@x", endOf(n));
          await redis.zadd(index, endOf(n), each);
        }),
      );
      const sweep = sweeper({ shards: 1 });
      const tells = async () => {
        await sweep();
        return (await count()) >= all.length;
      };
      await eventually("all are told", tells, { intervalMs: 0 });
      await sweep();
      expect(await count()).to.equal(all.length);
      await redis.del(index, shardKeys.expiring(0));
    });

    it("is told within a while of a cart that came in behind those that were looked at", async () => {
      const sweep = sweeper();
      const anew = sweeper({ anewMs: 0 });
      const other = `${owner}-later`;
      await add(BRIEF_MS, other);
      while (shardOf(owner, SHARDS) !== shardOf(other, SHARDS)) owner += "i";
      for (const each of [sweep, anew]) await each();
      await add(BRIEF_MS / 2);
      await sweep();
      expect(await types(), "not looked at").to.deep.equal(["cart.updated"]);
      await anew();
      expect(await types()).to.deep.equal(["cart.updated", "cart.expiring"]);
    });

    it("is not told of what is no cart any more, and one that cannot be read is in nobody's way", async () => {
      const shard = shardOf(owner, SHARDS);
      const soon = Date.now() + 1_000;
      const index = shardKeys.expiry(shard);
      await redis.zadd(index, soon, "guest:gone", soon, "guest:corrupt", soon, "guest:no-id");
      await redis.set(shardKeys.cart(shard, "guest:corrupt"), "x");
      await redis.hset(shardKeys.cart(shard, "guest:no-id"), "@v", "1", "@x", soon, "a", "1");
      await add(BRIEF_MS);
      await sweeper()();
      expect(await types()).to.deep.equal(["cart.updated", "cart.expiring"]);
      expect(await count()).to.equal(1);
      expect(await redis.zmscore(index, "guest:corrupt", "guest:no-id")).to.deep.equal([null, null]);
    });

    it("is forgotten when the life that it was told of is over, by the sweep or by itself", async () => {
      const shard = shardOf(owner, SHARDS);
      const { expiresAt } = await add(2_000);
      const sweep = sweeper();
      await sweep();
      expect(await types()).to.deep.equal(["cart.updated", "cart.expiring"]);
      const key = shardKeys.expiring(shard);
      expect(await redis.pexpiretime(key)).to.be.at.least(Date.parse(expiresAt!));
      await add(LONG_MS, `${owner}-other`);
      await eventually("it is forgotten", async () => {
        await sweep();
        return (await redis.zscore(key, owner)) === null;
      });
    });
  });
}
