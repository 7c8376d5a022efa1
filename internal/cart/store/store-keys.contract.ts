import { expect } from "chai";
import type { RedisConnection } from "../../platform/redis/redis.ts";
import { unwrap } from "../../platform/result/result.ts";
import { shardKeys } from "./keys.ts";
import type { Change } from "./store.ts";
import { add, clear, codeOf, lines, playCartStore, remove, set } from "./store-play.contract.ts";

/** What repeats of a request with an Idempotency-Key must find on any Redis that `connect` gives. */
export function describeIdempotencyKeys(name: string, connect: () => Promise<RedisConnection>): void {
  describe(`an Idempotency-Key of a cart on ${name}`, function () {
    const { redis, store, owner, shard, read, apply, applied, staged } = playCartStore(this, connect);

    it("gives a repeated request its first outcome and event, also when the cart has moved on", async () => {
      const traceOf = (digit: string) => `00-${digit.repeat(32)}-${digit.repeat(16)}-01`;
      const first = await applied(add("a", 2), { idempotencyKey: "k", traceparent: traceOf("1") });
      expect(first.staged?.event.traceparent).to.equal(traceOf("1"));
      await applied(add("b", 1));
      const repeat = await applied(add("a", 2), { idempotencyKey: "k", traceparent: traceOf("2") });
      expect(repeat.replayed).to.equal(true);
      expect(repeat.state).to.deep.equal(first.state);
      expect(repeat.staged).to.deep.equal(first.staged);
      const recalled = unwrap(await store().recall(owner(), { op: "add", productId: "a", quantity: 2 }, "k"));
      expect(recalled?.state).to.deep.equal(first.state);
      expect(recalled?.staged).to.deep.equal(first.staged);
      expect(
        unwrap(await store().recall(owner(), { op: "add", productId: "a", quantity: 2 }, "other")),
      ).to.equal(null);
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
      expect(lines((await read()).items)).to.deep.equal(["a x 9"]);
    });

    it("takes no key for another one that reads like a scope and a key", async () => {
      await applied(add("a", 1), { idempotencyKey: "add x" });
      expect((await applied(add("a", 1), { idempotencyKey: "x" })).replayed).to.equal(false);
      await applied(set("a", 5), { idempotencyKey: "add y" });
      expect((await applied(add("a", 1), { idempotencyKey: "y" })).replayed).to.equal(false);
      expect(lines((await read()).items)).to.deep.equal(["a x 6"]);
    });

    it("applies one of many concurrent requests with one idempotency key", async () => {
      const results = await Promise.all(
        Array.from({ length: 50 }, () => applied(add("a", 1), { idempotencyKey: "k" })),
      );
      expect(results.filter((result) => !result.replayed)).to.have.length(1);
      expect(lines((await read()).items)).to.deep.equal(["a x 1"]);
    });

    it("remembers an outcome for 24 h from the owner's last request with a key", async () => {
      await applied(add("a", 1), { idempotencyKey: "k1" });
      const key = shardKeys.idempotency(shard(), owner());
      const day = 24 * 60 * 60 * 1000;
      expect(await redis().pttl(key)).to.be.within(day - 60_000, day);
      await redis().pexpire(key, 60_000);
      await applied(add("a", 1), { idempotencyKey: "k2" });
      expect(await redis().pttl(key), "renewed").to.be.within(day - 60_000, day);
    });
  });
}
