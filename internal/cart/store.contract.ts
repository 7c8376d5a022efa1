import { expect } from "chai";
import fc from "fast-check";
import { shardOf } from "../platform/identity/shard-of.ts";
import { createLogger } from "../platform/logger/logger.ts";
import { Registry } from "../platform/metrics/metrics.ts";
import type { RedisConnection } from "../platform/redis/redis.ts";
import { unwrap } from "../platform/result/result.ts";
import { eventually } from "../testkit/eventually.ts";
import { CART_EVENTS } from "./events.ts";
import { createExpirySweep } from "./expiry.redis.ts";
import { shardKeys } from "./keys.ts";
import { createExpiredCounter } from "./metrics.ts";
import { createRedisCartStore, type RedisCartStoreOptions } from "./store.redis.ts";
import type { CartStore, Change, Preconditions } from "./store.ts";

const SHARDS = 8;
const log = createLogger("test", "fatal");
const none: Preconditions = { ifMatch: null, idempotencyKey: null, traceparent: null };
const add = (productId: string, quantity: number, stock = 1_000_000): Change => ({
  op: "add",
  productId,
  quantity,
  stock,
});
const set = (productId: string, quantity: number, stock = 1_000_000): Change => ({
  op: "set",
  productId,
  quantity,
  stock,
});
const remove = (productId: string): Change => ({ op: "remove", productId });
const clear: Change = { op: "clear" };

/** What the cart store must do on any Redis that `connect` gives. */
export function describeCartStore(name: string, connect: () => Promise<RedisConnection>): void {
  describe(`the cart store on ${name}`, function () {
    this.timeout(60_000);
    let redis: RedisConnection;
    let store: CartStore;
    let owner = "";
    let owners = 0;

    const storeWith = (options: Partial<RedisCartStoreOptions> = {}) =>
      createRedisCartStore({
        redis,
        shards: SHARDS,
        ttlMs: 60_000,
        graceMs: 60_000,
        limits: { maxLines: 5, maxQuantity: 99 },
        log,
        ...options,
      });

    before(async () => {
      redis = await connect();
      store = storeWith();
    });
    after(() => redis?.disconnect());
    beforeEach(() => {
      owner = `user:${name}-${process.pid}-${++owners}`;
    });

    const apply = async (change: Change, more: Partial<Preconditions> = {}, into = store) =>
      into.apply(owner, change, { ...none, ...more });
    const applied = async (change: Change, more: Partial<Preconditions> = {}) =>
      unwrap(await apply(change, more));
    const codeOf = (result: { ok: boolean; error?: { code: string } }) =>
      result.ok ? "ok" : result.error?.code;
    /** The staged events of this test's owner, oldest first. */
    const staged = async () => {
      const entries = await redis.xrange(shardKeys.stream(shardOf(owner, SHARDS)), "-", "+");
      return entries
        .map(([, flat]) =>
          Object.fromEntries(flat.map((field, i) => [field, flat[i + 1]]).filter((_, i) => i % 2 === 0)),
        )
        .filter((entry) => JSON.parse(entry.data).owner === owner);
    };
    const lines = (items: readonly { productId: string; quantity: number }[]) =>
      items.map((line) => `${line.productId} x ${line.quantity}`);

    it("begins a cart at version 1 with a new id, and knows an absent one as version 0", async () => {
      expect(unwrap(await store.read(owner))).to.deep.equal({
        cartId: null,
        version: 0,
        items: [],
        expiresAt: null,
      });
      const { state, staged: event } = await applied(add("a", 2));
      expect([state.version, lines(state.items)]).to.deep.equal([1, ["a x 2"]]);
      expect(state.cartId).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
      expect(event?.event).to.include({
        type: "cart.updated",
        subject: state.cartId,
        sequence: 1,
        ...CART_EVENTS,
      });
      expect(unwrap(await store.read(owner))).to.deep.equal(state);
    });

    it("adds, sets, removes and clears, each one version and one event that holds the full state", async () => {
      await applied(add("a", 2));
      await applied(add("a", 3));
      await applied(set("b", 7));
      await applied(remove("a"));
      const { cartId } = unwrap(await store.read(owner));
      const { state } = await applied(clear);
      expect(state).to.deep.equal({ cartId: null, version: 0, items: [], expiresAt: null });
      const events = await staged();
      expect(
        events.map((event) => [event.type, Number(event.version), lines(JSON.parse(event.data).items)]),
      ).to.deep.equal([
        ["cart.updated", 1, ["a x 2"]],
        ["cart.updated", 2, ["a x 5"]],
        ["cart.updated", 3, ["a x 5", "b x 7"]],
        ["cart.updated", 4, ["b x 7"]],
        ["cart.cleared", 5, []],
      ]);
      expect(new Set(events.map((event) => event.subject))).to.deep.equal(new Set([cartId]));
      for (const event of events)
        expect(event).to.include({ source: CART_EVENTS.source, seqname: CART_EVENTS.sequenceName });
      expect(JSON.parse(events[0]!.data)).to.deep.include({
        owner,
        cartId,
        change: { type: "item-added", productId: "a", quantity: 2 },
      });
    });

    it("begins another cart, with another id and from version 1, after one has ended", async () => {
      const first = (await applied(add("a", 1))).state.cartId;
      await applied(remove("a"));
      const second = (await applied(add("a", 1))).state;
      expect(second.version).to.equal(1);
      expect(second.cartId).not.to.equal(first);
    });

    it("changes nothing and tells nothing where there is nothing to change", async () => {
      expect((await applied(clear)).staged).to.equal(null);
      await applied(add("a", 2));
      for (const change of [set("a", 2), remove("b")]) {
        const { state, staged: event } = await applied(change);
        expect([state.version, event]).to.deep.equal([1, null]);
      }
      expect(await staged()).to.have.length(1);
    });

    it("refuses what goes over a limit or the stock, and is as it was", async () => {
      for (const product of ["a", "b", "c", "d", "e"]) await applied(add(product, 1));
      const before = unwrap(await store.read(owner));
      expect(codeOf(await apply(add("f", 1)))).to.equal("LINE_LIMIT");
      expect(codeOf(await apply(set("f", 1)))).to.equal("LINE_LIMIT");
      expect(codeOf(await apply(add("a", 99)))).to.equal("QUANTITY_LIMIT");
      expect(codeOf(await apply(set("a", 100)))).to.equal("QUANTITY_LIMIT");
      expect(codeOf(await apply(add("a", 5, 5)))).to.equal("OUT_OF_STOCK");
      expect(codeOf(await apply(set("a", 6, 5)))).to.equal("OUT_OF_STOCK");
      expect(unwrap(await store.read(owner))).to.deep.equal(before);
      expect(await staged()).to.have.length(5);
      expect(codeOf(await apply(add("a", 98)))).to.equal("ok");
    });

    it("changes a cart only at a version that If-Match names", async () => {
      expect(codeOf(await apply(add("a", 1), { ifMatch: [1] }))).to.equal("VERSION_MISMATCH");
      expect(codeOf(await apply(add("a", 1), { ifMatch: [0] }))).to.equal("ok");
      expect(await apply(add("a", 1), { ifMatch: [0, 11, 2] })).to.deep.equal({
        ok: false,
        error: { code: "VERSION_MISMATCH", version: 1 },
      });
      expect(codeOf(await apply(add("a", 1), { ifMatch: [] }))).to.equal("VERSION_MISMATCH");
      expect(codeOf(await apply(add("a", 1), { ifMatch: [7, 1] }))).to.equal("ok");
      expect(codeOf(await apply(clear, { ifMatch: "*" }))).to.equal("ok");
    });

    it("takes * of If-Match for a cart that there is", async () => {
      expect(codeOf(await apply(add("a", 1), { ifMatch: "*" }))).to.equal("VERSION_MISMATCH");
      await applied(add("a", 1));
      expect(codeOf(await apply(add("a", 1), { ifMatch: "*" }))).to.equal("ok");
    });

    it("changes a cart at no version that If-None-Match names, and begins one alone with *", async () => {
      expect(codeOf(await apply(add("a", 1), { ifNoneMatch: [0] }))).to.equal("VERSION_MISMATCH");
      expect(codeOf(await apply(add("a", 1), { ifNoneMatch: "*" }))).to.equal("ok");
      expect(await apply(add("a", 1), { ifNoneMatch: "*" })).to.deep.equal({
        ok: false,
        error: { code: "VERSION_MISMATCH", version: 1, isUnwanted: true },
      });
      expect(codeOf(await apply(add("a", 1), { ifNoneMatch: [3, 1] }))).to.equal("VERSION_MISMATCH");
      expect(codeOf(await apply(add("a", 1), { ifNoneMatch: [0, 11, 2] }))).to.equal("ok");
      expect(codeOf(await apply(add("a", 1), { ifMatch: [2], ifNoneMatch: [2] }))).to.equal(
        "VERSION_MISMATCH",
      );
      await applied(clear);
      expect(codeOf(await apply(add("a", 1), { ifNoneMatch: "*" })), "a new cart").to.equal("ok");
    });

    it("lets exactly one of many concurrent changes at one version through", async () => {
      await applied(add("a", 1));
      const results = await Promise.all(
        Array.from({ length: 50 }, () => apply(add("a", 1), { ifMatch: [1] })),
      );
      expect(results.filter((result) => result.ok)).to.have.length(1);
    });

    it("gives a repeated request its first outcome and event, also when the cart has moved on", async () => {
      const traceOf = (digit: string) => `00-${digit.repeat(32)}-${digit.repeat(16)}-01`;
      const first = await applied(add("a", 2), { idempotencyKey: "k", traceparent: traceOf("1") });
      expect(first.staged?.event.traceparent).to.equal(traceOf("1"));
      await applied(add("b", 1));
      const repeat = await applied(add("a", 2), { idempotencyKey: "k", traceparent: traceOf("2") });
      expect(repeat.replayed).to.equal(true);
      expect(repeat.state).to.deep.equal(first.state);
      expect(repeat.staged).to.deep.equal(first.staged);
      const recalled = unwrap(await store.recall(owner, { op: "add", productId: "a", quantity: 2 }, "k"));
      expect(recalled?.state).to.deep.equal(first.state);
      expect(recalled?.staged).to.deep.equal(first.staged);
      expect(unwrap(await store.recall(owner, { op: "add", productId: "a", quantity: 2 }, "other"))).to.equal(
        null,
      );
      expect(await staged()).to.have.length(2);
    });

    it("refuses an idempotency key that was used for another request, and does not remember a refusal", async () => {
      await applied(add("a", 2), { idempotencyKey: "k" });
      for (const change of [add("a", 3), add("b", 2)])
        expect(codeOf(await apply(change, { idempotencyKey: "k" }))).to.equal("IDEMPOTENCY_KEY_REUSED");
      expect(codeOf(await apply(add("a", 99), { idempotencyKey: "late" }))).to.equal("QUANTITY_LIMIT");
      await applied(remove("a"));
      expect(codeOf(await apply(add("a", 99), { idempotencyKey: "late" }))).to.equal("ok");
    });

    it("takes one idempotency key for each method and path apart", async () => {
      const keyed = (change: Change) => applied(change, { idempotencyKey: "k" });
      const changes = [add("a", 2), set("a", 3), set("b", 3), remove("a"), clear];
      const versions = [];
      for (const change of changes) versions.push((await keyed(change)).state.version);
      expect(versions.slice(0, 4)).to.deep.equal([1, 2, 3, 4]);
      await applied(add("a", 9));
      for (const [at, change] of changes.entries()) {
        const { replayed, state } = await keyed(change);
        expect([replayed, state.version], change.op).to.deep.equal([true, versions[at]]);
      }
      expect(codeOf(await apply(set("b", 4), { idempotencyKey: "k" }))).to.equal("IDEMPOTENCY_KEY_REUSED");
      expect(lines(unwrap(await store.read(owner)).items)).to.deep.equal(["a x 9"]);
    });

    it("takes no key for another one that reads like a scope and a key", async () => {
      await applied(add("a", 1), { idempotencyKey: "add x" });
      expect((await applied(add("a", 1), { idempotencyKey: "x" })).replayed).to.equal(false);
      await applied(set("a", 5), { idempotencyKey: "add y" });
      expect((await applied(add("a", 1), { idempotencyKey: "y" })).replayed).to.equal(false);
      expect(lines(unwrap(await store.read(owner)).items)).to.deep.equal(["a x 6"]);
    });

    it("applies one of many concurrent requests with one idempotency key", async () => {
      const results = await Promise.all(
        Array.from({ length: 50 }, () => applied(add("a", 1), { idempotencyKey: "k" })),
      );
      expect(results.filter((result) => !result.replayed)).to.have.length(1);
      expect(lines(unwrap(await store.read(owner)).items)).to.deep.equal(["a x 1"]);
    });

    it("is empty the moment its time is up, and slides that time on every change", async () => {
      const brief = storeWith({ ttlMs: 300 });
      await apply(add("a", 1), {}, brief);
      const first = Date.parse(unwrap(await store.read(owner)).expiresAt!);
      await apply(add("a", 1), {}, brief);
      const { expiresAt, cartId } = unwrap(await store.read(owner));
      expect(Date.parse(expiresAt!)).to.be.at.least(first);
      await eventually("the cart is empty", async () => unwrap(await store.read(owner)).version === 0);
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
      await eventually("the cart is empty", async () => unwrap(await store.read(owner)).version === 0);
      const expired = createExpiredCounter(new Registry());
      const sweeps = Array.from({ length: 8 }, () =>
        createExpirySweep({ redis, shards: SHARDS, expired, log })(),
      );
      await Promise.all(sweeps);
      const events = await staged();
      expect(events.map((event) => event.type)).to.deep.equal(["cart.updated", "cart.expired"]);
      const told = JSON.parse(events[1]!.data);
      expect([told.ownerKind, lines(told.items)]).to.deep.equal(["user", ["a x 3"]]);
      const shard = shardOf(owner, SHARDS);
      expect(await redis.exists(shardKeys.cart(shard, owner))).to.equal(0);
      expect(await redis.zscore(shardKeys.expiry(shard), owner)).to.equal(null);
    });

    it("leaves a cart alone that was renewed before the sweep", async () => {
      await apply(add("a", 1), {}, storeWith({ ttlMs: 1 }));
      const renewed = await applied(add("b", 1));
      await createExpirySweep({
        redis,
        shards: SHARDS,
        expired: createExpiredCounter(new Registry()),
        log,
      })();
      expect(unwrap(await store.read(owner))).to.deep.equal(renewed.state);
    });

    it("puts a live cart that the index has as due back in its place", async () => {
      const { state } = await applied(add("a", 1));
      const expiry = shardKeys.expiry(shardOf(owner, SHARDS));
      await redis.zadd(expiry, 1, owner);
      const expired = createExpiredCounter(new Registry());
      await createExpirySweep({ redis, shards: SHARDS, expired, log })();
      expect(Number(await redis.zscore(expiry, owner))).to.equal(Date.parse(state.expiresAt!));
      expect(unwrap(await store.read(owner))).to.deep.equal(state);
      expect((await staged()).map((event) => event.type)).to.deep.equal(["cart.updated"]);
    });

    it("remembers an outcome for 24 h from the owner's last request with a key", async () => {
      await applied(add("a", 1), { idempotencyKey: "k1" });
      const key = shardKeys.idempotency(shardOf(owner, SHARDS), owner);
      const day = 24 * 60 * 60 * 1000;
      expect(await redis.pttl(key)).to.be.within(day - 60_000, day);
      await redis.pexpire(key, 60_000);
      await applied(add("a", 1), { idempotencyKey: "k2" });
      expect(await redis.pttl(key), "renewed").to.be.within(day - 60_000, day);
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

    const products = ["p1", "p2", "p3", "p4", "p5", "p6"];
    const anyChange = fc.oneof(
      fc.record({
        op: fc.constant("add" as const),
        productId: fc.constantFrom(...products),
        quantity: fc.integer({ min: 1, max: 60 }),
        stock: fc.constantFrom(50, 1_000),
      }),
      fc.record({
        op: fc.constant("set" as const),
        productId: fc.constantFrom(...products),
        quantity: fc.integer({ min: 0, max: 120 }),
        stock: fc.constantFrom(50, 1_000),
      }),
      fc.record({ op: fc.constant("remove" as const), productId: fc.constantFrom(...products) }),
      fc.constant(clear),
    );

    it("agrees with a model cart after any sequence of operations, run concurrently", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(anyChange, { minLength: 1, maxLength: 40 }), async (changes) => {
          owner = `user:model-${name}-${process.pid}-${++owners}`;
          // Sent at once on one connection, so Redis runs them in this order; the model runs them one by one.
          const results = await Promise.all(changes.map((change) => apply(change)));
          const model = modelCart({ maxLines: 5, maxQuantity: 99 });
          for (const [index, change] of changes.entries()) {
            const expected = model.apply(change);
            expect(codeOf(results[index]!), `${index}: ${JSON.stringify(change)}`).to.equal(expected);
          }
          const state = unwrap(await store.read(owner));
          expect(new Map(state.items.map((line) => [line.productId, line.quantity]))).to.deep.equal(
            model.lines(),
          );
          expect(state.version).to.equal(model.version());
          const versions = (await staged()).map((event) => Number(event.version));
          expect(versions).to.deep.equal(model.versions());
        }),
        { numRuns: 60 },
      );
    });
  });
}

/** The cart's rules once more, as plainly as can be, to compare with. */
function modelCart(limits: { maxLines: number; maxQuantity: number }) {
  let cart = new Map<string, number>();
  let version = 0;
  const versions: number[] = [];
  const changed = () => {
    versions.push(++version);
    if (cart.size === 0) version = 0;
    return "ok";
  };
  return {
    lines: () => cart,
    version: () => version,
    versions: () => versions,
    apply({ op, productId = "", quantity = 0, stock = 0 }: Change): string {
      if (op === "clear") {
        if (cart.size === 0) return "ok";
        cart = new Map();
        return changed();
      }
      const held = cart.get(productId) ?? 0;
      if (op === "remove" || quantity === 0) return cart.delete(productId) ? changed() : "ok";
      const wanted = op === "add" ? held + quantity : quantity;
      if (op === "set" && wanted === held) return "ok";
      if (held === 0 && cart.size >= limits.maxLines) return "LINE_LIMIT";
      if (wanted > limits.maxQuantity) return "QUANTITY_LIMIT";
      if (wanted > stock) return "OUT_OF_STOCK";
      cart.set(productId, wanted);
      return changed();
    },
  };
}
