import { expect } from "chai";
import type { RedisConnection } from "../../platform/redis/redis.ts";
import { CART_EVENTS } from "../events.ts";
import { add, clear, codeOf, lines, playCartStore, remove, set } from "./store-play.contract.ts";

/** What changes of carts must be on any Redis that `connect` gives. */
export function describeCartStore(name: string, connect: () => Promise<RedisConnection>): void {
  describe(`the cart store on ${name}`, function () {
    const { owner, read, apply, applied, staged } = playCartStore(this, connect);

    it("begins a cart at version 1 with a new id, and knows an absent one as version 0", async () => {
      expect(await read()).to.deep.equal({
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
      expect(await read()).to.deep.equal(state);
    });

    it("adds, sets, removes and clears, each one version and one event that holds the full state", async () => {
      await applied(add("a", 2));
      await applied(add("a", 3));
      await applied(set("b", 7));
      await applied(remove("a"));
      const { cartId } = await read();
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
        owner: owner(),
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
      const before = await read();
      expect(codeOf(await apply(add("f", 1)))).to.equal("LINE_LIMIT");
      expect(codeOf(await apply(set("f", 1)))).to.equal("LINE_LIMIT");
      expect(codeOf(await apply(add("a", 99)))).to.equal("QUANTITY_LIMIT");
      expect(codeOf(await apply(set("a", 100)))).to.equal("QUANTITY_LIMIT");
      expect(codeOf(await apply(add("a", 5, 5)))).to.equal("OUT_OF_STOCK");
      expect(codeOf(await apply(set("a", 6, 5)))).to.equal("OUT_OF_STOCK");
      expect(await read()).to.deep.equal(before);
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
  });
}
