import { expect } from "chai";
import { Registry } from "../../platform/metrics/metrics.ts";
import { awaitRedis, connectRedis } from "../../platform/redis/redis.ts";
import { parseRedisUrl } from "../../platform/redis/redis-url.ts";
import { unwrap } from "../../platform/result/result.ts";
import { eventually } from "../../testkit/eventually.ts";
import { createExpirySweep } from "../expiry/expiry.redis.ts";
import { createExpiredCounter } from "../metrics.ts";
import { IDEMPOTENCY_KEEP, shardKeys } from "./keys.ts";
import { CLAIMING_SCRIPTS, callsOf, rightsOn, TRANSFER_SCRIPTS, WRITING_SCRIPTS } from "./rights.redis.ts";
import { createRedisCartStore } from "./store.redis.ts";
import { add, NO_PRECONDITIONS as none, type StoreScene, withStoreToSpoil } from "./store-scene.contract.ts";

/** What a repeat alone will not mend. */
const LASTING = { ok: false, error: { code: "CART_STORE_UNAVAILABLE", lasting: true } };

describe("The cart store on a Redis with something wrong in it", function () {
  this.timeout(60_000);
  let { server, redis, store, lines, log, apply } = {} as StoreScene;
  withStoreToSpoil((scene) => {
    ({ server, redis, store, lines, log, apply } = scene);
  });

  for (const [which, key] of [
    ["stream", shardKeys.stream(0)],
    ["expiry index", shardKeys.expiry(0)],
    ["counter", shardKeys.ordinal(0)],
    ["remembered requests", shardKeys.idempotency(0, "user:types")],
  ] as const)
    it(`changes nothing when the ${which} is of another type`, async () => {
      const owner = "user:types";
      unwrap(await apply(owner, add("a")));
      const before = unwrap(await store.read(owner));
      await redis.del(key);
      await redis.hset(key, "not", "ours");
      if (which === "remembered requests") await redis.set(key, "not ours");
      const result = await apply(owner, add("a", 5), { idempotencyKey: "k" });
      expect(result).to.deep.equal(LASTING);
      expect(unwrap(await store.read(owner))).to.deep.equal(before);
    });

  it("names a corrupt cart once and goes on with the others, which it does not take for a store that is away", async () => {
    await redis.set(shardKeys.cart(0, "user:wrong-type"), "x");
    await redis.hset(shardKeys.cart(0, "user:no-number"), "@id", "1", "@v", "one", "@x", "99999999999999");
    await redis.hset(shardKeys.cart(0, "user:no-id"), "@v", "1", "@x", "99999999999999", "a", "1");
    for (const owner of ["user:wrong-type", "user:no-number", "user:no-id"])
      for (let n = 0; n < 3; n++) expect(await apply(owner, add("a"))).to.deep.equal(LASTING);
    unwrap(await apply("user:well", add("a")));
    const said = lines.filter(({ level }) => level === "error" || level === "warn");
    expect(said.map(({ key }) => key)).to.deep.equal([
      shardKeys.cart(0, "user:wrong-type"),
      shardKeys.cart(0, "user:no-number"),
      shardKeys.cart(0, "user:no-id"),
    ]);
  });

  it("lets every other cart of the shard expire though some cannot be read, and names each of those once", async () => {
    const brief = createRedisCartStore({
      redis,
      shards: 1,
      ttlMs: 1,
      graceMs: 60_000,
      limits: { maxLines: 5, maxQuantity: 9 },
      log,
    });
    const corrupt = ["user:wrong-type", "user:no-id"].map((owner) => shardKeys.cart(0, owner));
    await redis.zadd(shardKeys.expiry(0), 1, "user:wrong-type", 2, "user:no-id");
    await redis.set(corrupt[0]!, "x");
    await redis.hset(corrupt[1]!, "@v", "1", "@x", "2", "a", "1");
    for (const owner of ["user:one", "user:two"]) unwrap(await brief.apply(owner, add("a"), none));
    const registry = new Registry();
    const expired = createExpiredCounter(registry);
    while (unwrap(await store.read("user:two")).version !== 0);
    const sweep = createExpirySweep({ redis, shards: 1, expired, log });
    await sweep();
    await sweep();
    expect((await expired.get()).values[0]!.value).to.equal(2);
    expect(await redis.zcard(shardKeys.expiry(0))).to.equal(0);
    expect(await redis.exists(...corrupt), "left for whoever looks").to.equal(2);
    expect(lines.filter(({ level }) => level === "error").map(({ key }) => key)).to.deep.equal(corrupt);
  });

  it("refuses adds when memory is full, without taking it for away; reads and removals go on", async () => {
    unwrap(await apply("user:full", add("a")));
    await redis.config("SET", "maxmemory-policy", "noeviction");
    await redis.config("SET", "maxmemory", "1mb");
    expect(await apply("user:full", add("b"))).to.deep.equal({
      ok: false,
      error: { code: "CART_STORE_FULL" },
    });
    expect(unwrap(await store.read("user:full")).items).to.have.length(1);
    expect(unwrap(await apply("user:full", { op: "remove", productId: "a" })).state.items).to.deep.equal([]);
    expect(lines.filter(({ level }) => level === "warn")).to.deep.equal([]);
  });

  it("changes nothing for a user whose ACL denies one command of a script, and names the command", async () => {
    for (const [call, key] of callsOf([...WRITING_SCRIPTS, ...TRANSFER_SCRIPTS, ...CLAIMING_SCRIPTS])) {
      if (key === 0) continue;
      await redis.acl("SETUSER", "short", "on", "nopass", "~*", "&*", "+@all", `-${call}`);
      const url = new URL(server.url);
      url.username = "short";
      url.password = "x";
      const limited = connectRedis(parseRedisUrl(url.href)!, { log, commandTimeoutMs: 5_000 });
      try {
        await awaitRedis(limited, 10_000);
        const limits = { maxLines: 100, maxQuantity: 999 };
        const other = createRedisCartStore({
          redis: limited,
          shards: 1,
          ttlMs: 1_000,
          graceMs: 1,
          limits,
          log,
        });
        const refused = await other.apply("user:short", add("a"), none);
        expect(refused, call).to.deep.equal(LASTING);
        const said = await rightsOn(limited)
          .check(1)
          .catch((error: Error) => error.message);
        expect(said).to.match(new RegExp(`does not allow its user ${call}`));
        expect(await redis.xlen(shardKeys.stream(0)), `${call}: no event`).to.equal(0);
      } finally {
        limited.disconnect();
      }
    }
    await redis.acl("DELUSER", "short");
  });

  it("tells of carts that Redis evicted, by the sweep and by their owner's next change, and counts them out", async () => {
    const owners = Array.from({ length: 400 }, (_, n) => `user:evicted-${n}`);
    for (const owner of owners) unwrap(await apply(owner, add("a")));
    const registry = new Registry();
    const expired = createExpiredCounter(registry);
    const sweep = createExpirySweep({ redis, shards: 1, expired, log });
    await redis.config("SET", "maxmemory-policy", "volatile-ttl");
    await redis.config("SET", "maxmemory-samples", "10");
    const used = Number(/used_memory:(\d+)/.exec(await redis.info("memory"))![1]);
    await redis.config("SET", "maxmemory", String(used - 20_000));
    const there = async () => Promise.all(owners.map((owner) => redis.exists(shardKeys.cart(0, owner))));
    await eventually("something is evicted", async () => {
      await redis.set("filler", "x");
      return (await there()).includes(0);
    });
    await redis.config("SET", "maxmemory", "0");
    const missing = (await there()).flatMap((found, i) => (found === 0 ? [owners[i]!] : []));
    const returning = unwrap(await apply(missing[0]!, add("b")));
    expect([returning.expired, returning.state.version]).to.deep.equal(["missing", 1]);
    await sweep();
    await sweep();
    const told = (await redis.xrange(shardKeys.stream(0), "-", "+"))
      .map(([, flat]) => Object.fromEntries(flat.map((field, i) => [field, flat[i + 1]])))
      .filter(({ type }) => type === "cart.expired")
      .map(({ data }) => JSON.parse(data!));
    expect(told.map(({ owner }) => owner).sort()).to.deep.equal([...missing].sort());
    expect(told[0]).to.deep.include({
      ownerKind: "user",
      cartId: null,
      change: { type: "cart-expired", reason: "missing" },
    });
    expect(Date.parse(told[0].expiresAt)).to.be.greaterThan(0);
    const counted = (await expired.get()).values.find(({ labels }) => labels.reason === "missing");
    expect(counted?.value).to.equal(missing.length - 1);
    expect(await redis.zcard(shardKeys.expiry(0))).to.equal(owners.length - missing.length + 1);
  });

  it("keeps the outcomes of two owners apart, whatever their names and keys hold", async () => {
    unwrap(await apply("user:a:b", add("x"), { idempotencyKey: "c" }));
    const other = unwrap(await apply("user:a", add("x"), { idempotencyKey: "b:c" }));
    expect(other.replayed).to.equal(false);
  });

  it("knows what a former release has remembered, which kept each product twice and knew no scopes", async () => {
    const owner = "user:updated";
    unwrap(await apply(owner, add("b")));
    const first = unwrap(await apply(owner, add("a"), { idempotencyKey: "k" }));
    const key = shardKeys.idempotency(0, owner);
    await redis.eval(
      `local outcome = cmsgpack.unpack(redis.call("HGET", KEYS[1], "kk"))
       local lines, products, quantities = outcome.cart.lines, {}, {}
       for i = 1, #lines, 2 do products[#products + 1] = lines[i]; quantities[lines[i]] = lines[i + 1] end
       outcome.cart.lines, outcome.cart.products, outcome.cart.quantities = nil, products, quantities
       outcome.scope = nil
       redis.call("HSET", KEYS[1], "kk", cmsgpack.pack(outcome))`,
      1,
      key,
    );
    const repeated = unwrap(await apply(owner, add("a"), { idempotencyKey: "k" }));
    expect(repeated).to.deep.equal({ ...first, replayed: true });
  });

  it("remembers the newest requests of an owner, in little space, and none that changed nothing", async () => {
    const owner = "user:many";
    for (let n = 0; n < 100; n++) unwrap(await apply(owner, add(`product-number-${n}`)));
    for (let n = 0; n < IDEMPOTENCY_KEEP + 5; n++)
      unwrap(await apply(owner, add("product-number-1"), { idempotencyKey: `k${n}` }));
    const key = shardKeys.idempotency(0, owner);
    expect(await redis.hlen(key)).to.equal(IDEMPOTENCY_KEEP + 1);
    const repeated = (name: string) => apply(owner, add("product-number-1"), { idempotencyKey: name });
    expect(unwrap(await repeated(`k${IDEMPOTENCY_KEEP + 4}`)).replayed).to.equal(true);
    expect(unwrap(await repeated("k4")).replayed, "the oldest are forgotten").to.equal(false);
    const bytes = Number(await redis.memory("USAGE", key, "SAMPLES", 0));
    expect(bytes / IDEMPOTENCY_KEEP, "bytes an outcome of a cart of 100 lines").to.be.lessThan(3_000);
    unwrap(await apply("user:still", { op: "clear" }, { idempotencyKey: "k" }));
    expect(await redis.exists(shardKeys.idempotency(0, "user:still"))).to.equal(0);
  });
});
