import { expect } from "chai";
import type { RedisConnection } from "../../platform/redis/redis.ts";
import { unwrap } from "../../platform/result/result.ts";
import type { MergeOutcome } from "./merge.ts";
import { playMerges, type sceneOn } from "./merge-scene.contract.ts";

/** What repeats of a merge must find on any Redis that `connect` gives. */
export function describeRepeatedMerges(name: string, connect: () => Promise<RedisConnection>): void {
  describe(`A merge that is repeated, on ${name}`, function () {
    let scene: ReturnType<typeof sceneOn>;
    playMerges(this, connect, (_redis, next) => {
      scene = next;
    });

    it("has the first outcome, though both carts have moved on", async () => {
      await scene.fill(scene.guest, { tea: 2 });
      const first = await scene.merged({ strategy: "sum" });
      await scene.fill(scene.user, { mug: 1 });
      const repeated = await scene.merged({ strategy: "sum" });
      expect(scene.told(repeated)).to.deep.equal({ ...scene.told(first), replayed: true });
      expect(await scene.cartOf(scene.user)).to.deep.equal({ tea: 2, mug: 1 });
    });

    it("knows an Idempotency-Key again, whatever else was merged since, and refuses it for another merge", async () => {
      await scene.fill(scene.guest, { tea: 2 });
      const first = await scene.merged({ idempotencyKey: "k" });
      await scene.fill(scene.guest, { mug: 1 });
      const repeated = await scene.merged({ idempotencyKey: "k" });
      expect(scene.told(repeated)).to.deep.equal({ ...scene.told(first), replayed: true });
      expect(await scene.cartOf(scene.guest), "the new cart waits").to.deep.equal({ mug: 1 });
      for (const other of [{ strategy: "sum" }, { guest: "guest:another" }] as const)
        expect(await scene.merge({ idempotencyKey: "k", ...other })).to.have.nested.property(
          "error.code",
          "IDEMPOTENCY_KEY_REUSED",
        );
    });

    describe("while the first one runs, the guest filling a new cart in between", () => {
      /** Repeats the merge; before its `step`th question to the store all of the first one happens. */
      async function overtaken(step: number, more: { idempotencyKey: string | null }) {
        await scene.fill(scene.guest, { tea: 2 });
        let first: MergeOutcome | undefined;
        const repeated = await scene.interrupted(step, more, async () => {
          first = await scene.merged({ strategy: "sum", ...more });
          await scene.fill(scene.guest, { mug: 1 });
        });
        return { first: scene.told(first!), repeated: scene.told(unwrap(repeated)) };
      }

      for (const step of [0, 1, 2])
        it(`knows its Idempotency-Key, overtaken before its step ${step}`, async () => {
          const { first, repeated } = await overtaken(step, { idempotencyKey: "k" });
          expect(repeated).to.deep.equal({ ...first, replayed: true });
          expect(await scene.cartOf(scene.guest), "the new cart waits").to.deep.equal({ mug: 1 });
          expect(await scene.cartOf(scene.user)).to.deep.equal({ tea: 2 });
        });

      it("without a key is known by the cart that it has seen", async () => {
        const { first, repeated } = await overtaken(1, { idempotencyKey: null });
        expect(repeated).to.deep.equal({ ...first, replayed: true });
        expect(await scene.cartOf(scene.guest), "the new cart waits").to.deep.equal({ mug: 1 });
      });

      it("without a key is known by the cart's id, though the first one took a later version", async () => {
        await scene.fill(scene.guest, { tea: 2 });
        let first: MergeOutcome | undefined;
        const repeated = await scene.interrupted(1, { idempotencyKey: null }, async () => {
          await scene.fill(scene.guest, { tea: 3 });
          first = await scene.merged({ strategy: "sum" });
          await scene.fill(scene.guest, { mug: 1 });
        });
        expect(scene.told(unwrap(repeated))).to.deep.equal({ ...scene.told(first!), replayed: true });
        expect(await scene.cartOf(scene.guest)).to.deep.equal({ mug: 1 });
      });

      it("is known by the cart that it has seen, though another one was merged since", async () => {
        await scene.fill(scene.guest, { tea: 2 });
        let first: MergeOutcome | undefined;
        const repeated = await scene.interrupted(1, { idempotencyKey: null }, async () => {
          first = await scene.merged({ strategy: "sum" });
          await scene.fill(scene.guest, { mug: 1 });
          await scene.merged({ strategy: "sum" });
        });
        expect(scene.told(unwrap(repeated))).to.deep.equal({ ...scene.told(first!), replayed: true });
      });

      it("takes no cart but the one that it has seen: where that went elsewhere, the shopper asks again", async () => {
        await scene.fill(scene.guest, { tea: 2 });
        const repeated = await scene.interrupted(1, { idempotencyKey: null }, async () => {
          await scene.merged({ user: `${scene.user}-other` });
          await scene.fill(scene.guest, { mug: 1 });
        });
        expect(repeated).to.have.nested.property("error.code", "MERGE_CONFLICT");
        expect(await scene.cartOf(scene.guest)).to.deep.equal({ mug: 1 });
      });
    });

    for (const [of, earlier] of [
      ["that waits", () => scene.upTo("take")],
      ["that is done", () => scene.merged({ strategy: "sum" })],
    ] as const)
      it(`answers a new Idempotency-Key by the merge ${of}, and from then on by nothing else`, async () => {
        await scene.fill(scene.guest, { tea: 2 });
        await earlier();
        const first = await scene.merged({ idempotencyKey: "k" });
        expect(scene.quantities(first.cart)).to.deep.equal({ tea: 2 });
        await scene.fill(scene.guest, { mug: 1 });
        const repeated = await scene.merged({ idempotencyKey: "k" });
        expect(scene.told(repeated)).to.deep.equal({ ...scene.told(first), replayed: true });
        expect(await scene.cartOf(scene.guest), "the new cart waits").to.deep.equal({ mug: 1 });
        expect(await scene.merge({ idempotencyKey: "k", strategy: "keep-user" })).to.have.nested.property(
          "error.code",
          "IDEMPOTENCY_KEY_REUSED",
        );
      });
  });
}
