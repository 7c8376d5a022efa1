import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { MOST_OWNER_LENGTH } from "../platform/identity/identity.ts";
import { openOrderStore } from "./open-store.ts";
import type { Order } from "./order.ts";
import { NEWEST } from "./order-store.ts";
import { anOrder, aRequest, eur, line, type OrderStoreScene, told } from "./order-store-scene.contract.ts";

/** Orders as they are placed and read, and ordinals that are skipped. */
export function describePlacing(scene: OrderStoreScene): void {
  const { eventsOf, place } = scene;

  it("keeps an order as it was bought, and places it together with its event", async () => {
    const { store, owner } = scene;
    const names = ["Men's \"best\" 'mug'", "emoji 😀 é \u2028", "tab\tand \\ and ;--"];
    const order = anOrder(owner, 1, {
      lines: names.map((name, index) =>
        line(`p.${index}`, { name, unitPrice: eur(1_000_000_000), quantity: 1_000_000 }),
      ),
      total: eur(3_000_000_000_000_000),
    });
    expect(await place(order)).to.equal(true);
    expect(await store.byId(order.id)).to.deep.equal(order);
    const [event, ...more] = await eventsOf(order);
    expect(more).to.deep.equal([]);
    expect(event).to.include({ type: "order.placed", sequence: 1, source: "/cartwright/orders" });
    expect(JSON.parse(event!.data)).to.deep.include({ orderId: order.id, owner, status: "placed" });
  });

  it("takes an owner as long as any can be, and tells it from one that is shorter", async () => {
    const { store, owner } = scene;
    const longest = owner.padEnd(MOST_OWNER_LENGTH, "x");
    const order = anOrder(longest, 1);
    expect(await place(order)).to.equal(true);
    expect(await store.byId(order.id)).to.deep.equal(order);
    expect((await store.page(longest, NEWEST, 10)).map(({ id }) => id)).to.deep.equal([order.id]);
    expect(await store.page(longest.slice(0, -1), NEWEST, 10)).to.deep.equal([]);
  });

  it("has no order for an id that nobody gave, or that is none", async () => {
    const { store } = scene;
    for (const id of [randomUUID(), "", "x", "'; DROP TABLE orders; --", `${randomUUID()}0`])
      expect(await store.byId(id)).to.equal(null);
  });

  it("lets one of two orders with the same ordinal in, and nothing of the other", async () => {
    const { store, rival, owner } = scene;
    for (let ordinal = 1; ordinal <= 10; ordinal++) {
      const pair = [anOrder(owner, ordinal), anOrder(owner, ordinal)] as const;
      const requests = [aRequest(), aRequest()] as const;
      const placed = await Promise.all([
        store.place(pair[0], requests[0], told(pair[0])),
        rival.place(pair[1], requests[1], told(pair[1])),
      ]);
      expect(placed.toSorted()).to.deep.equal([false, true]);
      const [won, lost] = placed[0] ? [0, 1] : [1, 0];
      expect(await store.byId(pair[won as 0].id)).to.deep.equal(pair[won as 0]);
      expect(await store.byId(pair[lost as 0].id)).to.equal(null);
      expect(await eventsOf(pair[lost as 0])).to.deep.equal([]);
      expect(await store.request(requests[lost as 0].id)).to.equal(null);
    }
    expect((await store.checkoutBasis(owner, "0".repeat(64))).ordinal).to.equal(10);
  });

  it("skips an ordinal once, which no order can have then, and which is on no page", async () => {
    const { store, owner } = scene;
    await place(anOrder(owner, 1));
    expect([
      await store.skip(owner, 1),
      await store.skip(owner, 2),
      await store.skip(owner, 2),
    ]).to.deep.equal([false, true, false]);
    expect((await store.checkoutBasis(owner, null)).ordinal).to.equal(2);
    expect(await place(anOrder(owner, 2))).to.equal(false);
    const third = anOrder(owner, 3);
    expect(await place(third)).to.equal(true);
    expect((await store.page(owner, NEWEST, 2)).map(({ ordinal }) => ordinal)).to.deep.equal([3, 1]);
    expect((await store.page(owner, 3, 1)).map(({ ordinal }) => ordinal)).to.deep.equal([1]);
    const longest = owner.padEnd(MOST_OWNER_LENGTH, "y");
    expect(await store.skip(longest, 1)).to.equal(true);
    expect((await store.checkoutBasis(longest, null)).unsettled).to.equal(null);
  });

  for (const [outcome, ends] of [
    ["is committed", (commit: PromiseWithResolvers<void>) => commit.resolve()],
    ["comes to nothing", (commit: PromiseWithResolvers<void>) => commit.reject(new Error("no commit"))],
  ] as const)
    it(`waits with that for an order on its way, which ${outcome}`, async () => {
      const { store, rivals, owner } = scene;
      const written = Promise.withResolvers<void>();
      const commit = Promise.withResolvers<void>();
      const slow = openOrderStore(rivals.database, async (events, tx) => {
        written.resolve();
        await commit.promise;
        await rivals.append(events, tx);
      });
      const order = anOrder(owner, 1);
      const placing = slow.place(order, aRequest(), told(order)).catch(() => false);
      await written.promise;
      let skipped: boolean | undefined;
      const skipping = store.skip(owner, 1).then((outcome) => {
        skipped = outcome;
      });
      // What does not wait is answered before a question of the same connection pool. No row of the order's
      // is asked for: SQL Server's readers wait for it too where it keeps no row versions.
      await store.request(aRequest().id);
      expect(skipped).to.equal(undefined);
      ends(commit);
      const placed = await placing;
      await skipping;
      expect([placed, skipped]).to.deep.equal(outcome === "is committed" ? [true, false] : [false, true]);
    });

  it("keeps nothing of an order whose event cannot be stored", async () => {
    const { store, owner } = scene;
    const order = anOrder(owner, 1);
    const request = aRequest();
    const refused = await store.place(order, request, { ...told(order), type: "t".repeat(65) }).then(
      () => "placed",
      (error: Error) => error.name,
    );
    expect(refused).to.equal("EventsRefused");
    expect(await store.byId(order.id)).to.equal(null);
    expect(await store.checkoutBasis(owner, request.id)).to.deep.equal({
      ordinal: 0,
      unsettled: null,
      earlier: null,
    });
  });

  it("says what an owner's next checkout starts from", async () => {
    const { store, owner } = scene;
    const request = aRequest();
    expect(await store.checkoutBasis(owner, request.id)).to.deep.equal({
      ordinal: 0,
      unsettled: null,
      earlier: null,
    });
    const order = anOrder(owner, 1);
    await place(order, request);
    const earlier = { hash: request.hash, orderId: order.id };
    expect(await store.checkoutBasis(owner, request.id)).to.deep.equal({
      ordinal: 1,
      unsettled: order,
      earlier,
    });
    expect(await store.request(request.id)).to.deep.equal(earlier);
    expect(await store.settle([order.id])).to.deep.equal([order.total]);
    expect(await store.settle([order.id]), "noted before").to.deep.equal([]);
    expect(await store.checkoutBasis(owner, aRequest().id)).to.deep.equal({
      ordinal: 1,
      unsettled: null,
      earlier: null,
    });
  });

  it("pages an owner's orders, newest first, and those of nobody else", async () => {
    const { store, owner } = scene;
    const mine: Order[] = [];
    for (let ordinal = 1; ordinal <= 5; ordinal++) mine.unshift(anOrder(owner, ordinal));
    for (const order of mine.toReversed()) await place(order);
    for (const other of [owner.toUpperCase(), `${owner}x`, `${owner}%`]) await place(anOrder(other, 1));
    expect(await store.page(owner, NEWEST, 2)).to.deep.equal(mine.slice(0, 2));
    expect(await store.page(owner, 4, 100)).to.deep.equal(mine.slice(2));
    expect(await store.page(owner, 1, 100)).to.deep.equal([]);
  });
}
