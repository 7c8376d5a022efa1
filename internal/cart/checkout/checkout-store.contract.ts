import { expect } from "chai";
import { shardOf } from "../../platform/identity/shard-of.ts";
import { createLogger } from "../../platform/logger/logger.ts";
import type { RedisConnection } from "../../platform/redis/redis.ts";
import { unwrap } from "../../platform/result/result.ts";
import { eventually } from "../../testkit/eventually.ts";
import { CLAIM_TTL_MS, shardKeys, UNDECIDED_TTL_MS } from "../store/keys.ts";
import { createRedisCartStore } from "../store/store.redis.ts";
import type { CartStore, Change, Preconditions } from "../store/store.ts";
import { createRedisCheckoutStore } from "./checkout-store.redis.ts";
import type { CheckoutClaim, CheckoutStore, OrderedLines } from "./checkout-store.ts";

const SHARDS = 8;
const log = createLogger("test", "fatal");
const none: Preconditions = { ifMatch: null, idempotencyKey: null, traceparent: null };
const claimOf = (token: string, more: Partial<CheckoutClaim> = {}): CheckoutClaim => ({
  token,
  key: "key",
  request: "request",
  ...more,
});

/** What checkouts of carts must do on any Redis that `connect` gives. */
export function describeCheckoutStore(name: string, connect: () => Promise<RedisConnection>): void {
  describe(`checkouts of carts on ${name}`, function () {
    this.timeout(60_000);
    let redis: RedisConnection;
    let store: CartStore;
    let checkouts: CheckoutStore;
    let owner = "";
    let owners = 0;

    before(async () => {
      redis = await connect();
      const common = { redis, shards: SHARDS, log };
      checkouts = createRedisCheckoutStore(common);
      const limits = { maxLines: 50, maxQuantity: 999 };
      store = createRedisCartStore({ ...common, ttlMs: 60_000, graceMs: 60_000, limits });
    });
    after(() => redis?.disconnect());
    beforeEach(() => {
      owner = `user:checkout-${process.pid}-${++owners}`;
    });

    const change = async (fields: Change) => unwrap(await store.apply(owner, fields, none)).state;
    const put = (productId: string, quantity: number) =>
      change({ op: "set", productId, quantity, stock: 1_000 });
    const read = async () => unwrap(await store.read(owner));
    const items = async () => (await read()).items.map((line) => `${line.productId} x ${line.quantity}`);
    const reduce = async (ordered: OrderedLines) => unwrap(await checkouts.reduce(owner, ordered, null));
    const codeOf = (result: { ok: boolean; error?: { code: string } }) =>
      result.ok ? "ok" : result.error?.code;
    const stagedTypes = async () => {
      const entries = await redis.xrange(shardKeys.stream(shardOf(owner, SHARDS)), "-", "+");
      return entries
        .map(([, flat]) => JSON.parse(flat[flat.indexOf("data") + 1]!))
        .filter((e) => e.owner === owner);
    };

    /** What an order of the cart as it is would hold. */
    async function ordered(): Promise<OrderedLines> {
      const { cartId, version, items } = await read();
      return { orderId: `order-${version}`, cartId: cartId!, version, items };
    }

    it("reads the cart with the claim, and keeps other checkouts of it away until it is released", async () => {
      const state = await put("a", 2);
      expect(unwrap(await checkouts.claim(owner, claimOf("one")))).to.deep.equal(state);
      expect(codeOf(await checkouts.claim(owner, claimOf("two")))).to.equal("CHECKOUT_IN_PROGRESS");
      expect(codeOf(await checkouts.claim(owner, claimOf("two", { key: "other" })))).to.equal(
        "CHECKOUT_IN_PROGRESS",
      );
      expect(codeOf(await checkouts.claim(owner, claimOf("two", { request: "other" })))).to.equal(
        "IDEMPOTENCY_KEY_REUSED",
      );
      expect(codeOf(await checkouts.claim(owner, claimOf("one")))).to.equal("ok");
      unwrap(await checkouts.release(owner, "two", "nothing"));
      expect(codeOf(await checkouts.claim(owner, claimOf("two")))).to.equal("CHECKOUT_IN_PROGRESS");
      unwrap(await checkouts.release(owner, "one", "nothing"));
      expect(codeOf(await checkouts.claim(owner, claimOf("two")))).to.equal("ok");
    });

    it("lets another checkout claim a cart after a while, whatever became of the first", async () => {
      const state = await put("a", 2);
      const key = shardKeys.claim(shardOf(owner, SHARDS), owner);
      unwrap(await checkouts.claim(owner, claimOf("dead")));
      expect(await redis.pttl(key)).to.be.within(UNDECIDED_TTL_MS - 60_000, UNDECIDED_TTL_MS);
      const before = Date.now();
      expect(
        await eventually(
          "another one may",
          async () => {
            const claimed = await checkouts.claim(owner, claimOf("next"));
            return claimed.ok && claimed.value;
          },
          { timeoutMs: CLAIM_TTL_MS * 4 },
        ),
      ).to.deep.equal(state);
      expect(Date.now() - before).to.be.below(CLAIM_TTL_MS * 4);
    });

    it("lets another checkout claim a cart at once when nobody knows what came of the first", async () => {
      await put("a", 2);
      unwrap(await checkouts.claim(owner, claimOf("one")));
      unwrap(await checkouts.release(owner, "one", "unknown"));
      expect(codeOf(await checkouts.claim(owner, claimOf("two")))).to.equal("ok");
      expect(codeOf(await checkouts.claim(owner, claimOf("three")))).to.equal("CHECKOUT_IN_PROGRESS");
    });

    it("takes an order out of its cart in one change that names it, and so ends the cart", async () => {
      await put("a", 2);
      await put("b", 1);
      const order = await ordered();
      const { state, staged } = await reduce(order);
      expect(state.items).to.deep.equal([]);
      expect(staged?.event).to.include({ type: "cart.updated", subject: order.cartId, sequence: 3 });
      expect(JSON.parse(staged!.event.data)).to.deep.include({
        change: { type: "ordered", orderId: order.orderId },
        items: [],
        expiresAt: null,
      });
      expect((await read()).version).to.equal(0);
      expect(await redis.zscore(shardKeys.expiry(shardOf(owner, SHARDS)), owner)).to.equal(null);
    });

    it("ends its claim with that, once more too, and no other's", async () => {
      await put("a", 2);
      unwrap(await checkouts.claim(owner, claimOf("one")));
      const order = await ordered();
      unwrap(await checkouts.reduce(owner, order, null, "another"));
      expect(codeOf(await checkouts.claim(owner, claimOf("two")))).to.equal("CHECKOUT_IN_PROGRESS");
      expect(unwrap(await checkouts.reduce(owner, order, null, "one")).staged).to.equal(null);
      expect(codeOf(await checkouts.claim(owner, claimOf("two")))).to.equal("ok");
    });

    it("leaves what came into the cart since it was read, and when it expires", async () => {
      await put("a", 2);
      await put("b", 5);
      const order = await ordered();
      const { expiresAt } = await put("a", 3);
      await put("c", 1);
      await put("b", 2);
      const before = await read();
      const { state } = await reduce(order);
      expect(await items()).to.deep.equal(["a x 1", "c x 1"]);
      expect([state.version, state.expiresAt]).to.deep.equal([before.version + 1, before.expiresAt]);
      expect(Date.parse(before.expiresAt!)).to.be.at.least(Date.parse(expiresAt!));
      const key = shardKeys.cart(shardOf(owner, SHARDS), owner);
      expect(await redis.pexpiretime(key)).to.equal(Date.parse(before.expiresAt!) + 60_000);
    });

    it("takes an order out once, however often and by however many it is tried", async () => {
      await put("a", 2);
      const order = await ordered();
      await put("a", 9);
      await Promise.all(Array.from({ length: 10 }, () => reduce(order)));
      expect(await items()).to.deep.equal(["a x 7"]);
      await put("a", 4);
      expect((await reduce(order)).staged).to.equal(null);
      expect(await items()).to.deep.equal(["a x 4"]);
      expect((await stagedTypes()).filter((event) => event.change.type === "ordered")).to.have.length(1);
    });

    it("takes an order out once also when a later order was taken out in between", async () => {
      await put("a", 2);
      const first = await ordered();
      await put("b", 3);
      await reduce(first);
      const second = await ordered();
      await put("a", 5);
      await put("b", 4);
      await reduce(second);
      await reduce(first);
      await reduce(second);
      expect(await items()).to.deep.equal(["b x 1", "a x 5"]);
    });

    it("takes nothing of what comes back into a cart that had lost all of the order before", async () => {
      await put("a", 2);
      await put("b", 1);
      const order = { ...(await ordered()), items: [{ productId: "a", quantity: 2 }] };
      await put("a", 0);
      expect((await reduce(order)).staged).to.equal(null);
      await put("a", 2);
      expect((await reduce(order)).staged).to.equal(null);
      expect(await items()).to.deep.equal(["b x 1", "a x 2"]);
    });

    describe("after a failover that lost the versions up to the order's", () => {
      const key = () => shardKeys.cart(shardOf(owner, SHARDS), owner);
      /** The cart as the replica has it, which is at version 1, with an order of version 5. */
      async function setBack(lines: [string, number][]): Promise<OrderedLines> {
        await put("a", 1);
        const replica = await redis.hgetall(key());
        for (const quantity of [2, 4, 5]) await put("a", quantity);
        for (const [productId, quantity] of lines) await put(productId, quantity);
        const order = await ordered();
        await redis.del(key());
        await redis.hset(key(), replica);
        return order;
      }

      it("takes an order out once", async () => {
        const order = await setBack([["a", 3]]);
        await put("a", 5);
        const { state } = await reduce(order);
        expect(state.version).to.be.greaterThan(order.version);
        expect((await reduce(order)).staged).to.equal(null);
        expect(await items()).to.deep.equal(["a x 2"]);
      });

      it("takes the next order out too, where the cart had nothing of the lost one", async () => {
        const lost = await setBack([["d", 1]]);
        expect((await reduce({ ...lost, items: [{ productId: "d", quantity: 1 }] })).staged).to.equal(null);
        await put("a", 2);
        const next = await ordered();
        expect((await reduce(next)).staged).to.not.equal(null);
        expect(await items()).to.deep.equal([]);
      });
    });

    it("takes nothing out of another cart of the same owner", async () => {
      await put("a", 2);
      const order = await ordered();
      await change({ op: "clear" });
      await put("a", 2);
      expect((await reduce(order)).staged).to.equal(null);
      expect(await items()).to.deep.equal(["a x 2"]);
    });

    it("leaves a cart that has expired to its end", async () => {
      await put("a", 2);
      const order = await ordered();
      await redis.hset(shardKeys.cart(shardOf(owner, SHARDS), owner), "@x", 1);
      expect((await reduce(order)).staged).to.equal(null);
    });

    it("does not show an order's mark as a product", async () => {
      await put("a", 2);
      const order = await ordered();
      await put("b", 1);
      await reduce(order);
      expect(await items()).to.deep.equal(["b x 1"]);
      await put("c", 1);
      expect(await items()).to.deep.equal(["b x 1", "c x 1"]);
    });
  });
}
