import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { MOST_OWNER_LENGTH } from "../platform/identity/identity.ts";
import { Registry } from "../platform/metrics/metrics.ts";
import { newId } from "../platform/uuid/new-id.ts";
import { type OpenOutbox, openOutbox } from "../testkit/outbox.ts";
import { recordingLogger } from "../testkit/recording-logger.ts";
import { createPlacedMetrics, createSweptOrdersCounter } from "./metrics.ts";
import { openOrderStore } from "./open-store.ts";
import { type Order, type OrderStatus, transition } from "./order.ts";
import { eventOf } from "./order-events.ts";
import { NEWEST, OLDEST, type OrderStore, type Place } from "./order-store.ts";
import { createSettleSweep } from "./settle-sweep.ts";
import { createSettle } from "./settler.ts";

const eur = (amount: number) => ({ amount, currency: "EUR" });
const line = (productId: string, more: Partial<Order["lines"][number]> = {}) => ({
  productId,
  name: `The ${productId}`,
  unitPrice: eur(250),
  agreedPrice: eur(300),
  quantity: 2,
  ...more,
});

/** An order of an owner's, as a checkout composes it. */
export function anOrder(owner: string, ordinal: number, more: Partial<Order> = {}): Order {
  return {
    id: newId(),
    owner,
    ordinal,
    status: "placed",
    version: 1,
    placedAt: 1_700_000_000_123,
    lines: [line("a"), line("b")],
    total: eur(1_000),
    cart: { cartId: randomUUID(), version: 7 },
    ...more,
  };
}

export const aRequest = () => ({
  id: Buffer.from(randomUUID()).toString("hex").slice(0, 64).padEnd(64, "0"),
  hash: "f".repeat(64),
});

const told = (order: Order, at = order.placedAt) => eventOf(order, { partition: 3, traceparent: null, at });

/** What every order store must do; `url` gives the address of an empty, migrated database. */
export function describeOrderStore(name: string, url: () => Promise<string>): void {
  describe(`the orders in ${name}`, function () {
    this.timeout(60_000);
    let outbox: OpenOutbox;
    let rivals: OpenOutbox;
    let store: OrderStore;
    let rival: OrderStore;
    let owner = "";
    let owners = 0;

    before(async () => {
      const address = await url();
      outbox = openOutbox(address);
      rivals = openOutbox(address);
      store = openOrderStore(outbox.database, outbox.append);
      rival = openOrderStore(rivals.database, rivals.append);
    });
    after(async () => {
      await outbox?.close();
      await rivals?.close();
    });
    beforeEach(() => {
      owner = `user:Öwner-${process.pid}-${++owners}`;
    });

    const eventsOf = async (order: Order) =>
      (await outbox.pending([{ partition: 3, after: 0 }], 10_000)).filter((e) => e.subject === order.id);
    const place = (order: Order, request = aRequest()) => store.place(order, request, told(order));

    it("keeps an order as it was bought, and places it together with its event", async () => {
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
      const longest = owner.padEnd(MOST_OWNER_LENGTH, "x");
      const order = anOrder(longest, 1);
      expect(await place(order)).to.equal(true);
      expect(await store.byId(order.id)).to.deep.equal(order);
      expect((await store.page(longest, NEWEST, 10)).map(({ id }) => id)).to.deep.equal([order.id]);
      expect(await store.page(longest.slice(0, -1), NEWEST, 10)).to.deep.equal([]);
    });

    it("has no order for an id that nobody gave, or that is none", async () => {
      for (const id of [randomUUID(), "", "x", "'; DROP TABLE orders; --", `${randomUUID()}0`])
        expect(await store.byId(id)).to.equal(null);
    });

    it("lets one of two orders with the same ordinal in, and nothing of the other", async () => {
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
      expect((await store.standing(owner, "0".repeat(64))).ordinal).to.equal(10);
    });

    it("skips an ordinal once, which no order can have then, and which is on no page", async () => {
      await place(anOrder(owner, 1));
      expect([
        await store.skip(owner, 1),
        await store.skip(owner, 2),
        await store.skip(owner, 2),
      ]).to.deep.equal([false, true, false]);
      expect((await store.standing(owner, null)).ordinal).to.equal(2);
      expect(await place(anOrder(owner, 2))).to.equal(false);
      const third = anOrder(owner, 3);
      expect(await place(third)).to.equal(true);
      expect((await store.page(owner, NEWEST, 2)).map(({ ordinal }) => ordinal)).to.deep.equal([3, 1]);
      expect((await store.page(owner, 3, 1)).map(({ ordinal }) => ordinal)).to.deep.equal([1]);
      const longest = owner.padEnd(MOST_OWNER_LENGTH, "y");
      expect(await store.skip(longest, 1)).to.equal(true);
      expect((await store.standing(longest, null)).unsettled).to.equal(null);
    });

    for (const [outcome, ends] of [
      ["is committed", (commit: PromiseWithResolvers<void>) => commit.resolve()],
      ["comes to nothing", (commit: PromiseWithResolvers<void>) => commit.reject(new Error("no commit"))],
    ] as const)
      it(`waits with that for an order on its way, which ${outcome}`, async () => {
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
      const order = anOrder(owner, 1);
      const request = aRequest();
      const refused = await store.place(order, request, { ...told(order), type: "t".repeat(65) }).then(
        () => "placed",
        (error: Error) => error.name,
      );
      expect(refused).to.equal("EventsRefused");
      expect(await store.byId(order.id)).to.equal(null);
      expect(await store.standing(owner, request.id)).to.deep.equal({
        ordinal: 0,
        unsettled: null,
        earlier: null,
      });
    });

    it("changes nothing of an order whose transition's event cannot be stored", async () => {
      const order = anOrder(owner, 1);
      await place(order);
      const request = aRequest();
      const paid = moved(order, "paid");
      const refused = await store.advance(paid, request, { ...told(paid), type: "t".repeat(65) }).then(
        () => "advanced",
        (error: Error) => error.name,
      );
      expect(refused).to.equal("EventsRefused");
      expect(await store.byId(order.id)).to.deep.equal(order);
      expect(await store.request(request.id)).to.equal(null);
      expect((await eventsOf(order)).map(({ type }) => type)).to.deep.equal(["order.placed"]);
      expect(await store.advance(paid, request, told(paid)), "it can still be done").to.equal(true);
    });

    it("says what an owner's next checkout starts from", async () => {
      const request = aRequest();
      expect(await store.standing(owner, request.id)).to.deep.equal({
        ordinal: 0,
        unsettled: null,
        earlier: null,
      });
      const order = anOrder(owner, 1);
      await place(order, request);
      const earlier = { hash: request.hash, orderId: order.id };
      expect(await store.standing(owner, request.id)).to.deep.equal({
        ordinal: 1,
        unsettled: order,
        earlier,
      });
      expect(await store.request(request.id)).to.deep.equal(earlier);
      expect(await store.settle([order.id])).to.deep.equal([order.total]);
      expect(await store.settle([order.id]), "noted before").to.deep.equal([]);
      expect(await store.standing(owner, aRequest().id)).to.deep.equal({
        ordinal: 1,
        unsettled: null,
        earlier: null,
      });
    });

    it("pages an owner's orders, newest first, and those of nobody else", async () => {
      const mine: Order[] = [];
      for (let ordinal = 1; ordinal <= 5; ordinal++) mine.unshift(anOrder(owner, ordinal));
      for (const order of mine.toReversed()) await place(order);
      for (const other of [owner.toUpperCase(), `${owner}x`, `${owner}%`]) await place(anOrder(other, 1));
      expect(await store.page(owner, NEWEST, 2)).to.deep.equal(mine.slice(0, 2));
      expect(await store.page(owner, 4, 100)).to.deep.equal(mine.slice(2));
      expect(await store.page(owner, 1, 100)).to.deep.equal([]);
    });

    const moved = (order: Order, to: OrderStatus): Order => {
      const next = transition(order, to);
      if ("code" in next) throw new Error(next.code);
      return next;
    };

    it("advances an order with its event, once, and not from a version that it has left", async () => {
      const order = anOrder(owner, 1);
      await place(order);
      const [paid, cancelled] = [moved(order, "paid"), moved(order, "cancelled")];
      const advanced = await Promise.all([
        store.advance(paid, null, told(paid)),
        rival.advance(cancelled, null, told(cancelled)),
      ]);
      expect(advanced.toSorted()).to.deep.equal([false, true]);
      const now = advanced[0] ? paid : cancelled;
      expect(await store.byId(order.id)).to.deep.equal(now);
      expect((await eventsOf(order)).map((event) => [event.type, event.sequence])).to.deep.equal([
        ["order.placed", 1],
        [`order.${now.status}`, 2],
      ]);
    });

    it("remembers the request that advanced an order, and forgets what is old", async () => {
      const order = anOrder(owner, 1, { placedAt: 1_000 });
      const [placing, cancelling] = [aRequest(), aRequest()];
      await place(order, placing);
      const cancelled = moved(order, "cancelled");
      await store.advance(cancelled, cancelling, told(cancelled, 5_000));
      expect(await store.request(cancelling.id)).to.deep.equal({ hash: cancelling.hash, orderId: order.id });
      expect(await store.forgetRequests(5_000, 100)).to.equal(1);
      expect(await store.request(placing.id)).to.equal(null);
      expect(await store.request(cancelling.id)).to.not.equal(null);
    });

    const isOurs = (order: Order) => order.owner.startsWith(`${owner}-`);

    it("goes through orders that were placed in one ms, each once, from any of them on", async () => {
      const orders = Array.from({ length: 7 }, (_, n) => anOrder(`${owner}-${n}`, 1));
      for (const order of orders) await place(order);
      const found: string[] = [];
      let after: Place = OLDEST;
      for (;;) {
        const [next] = await store.unsettled(Date.now(), 1, after);
        if (next === undefined) break;
        if (isOurs(next)) found.push(next.id);
        after = next;
      }
      expect(found).to.have.members(orders.map(({ id }) => id));
      await store.settle(found);
    });

    it("lets a sweep get to the carts behind more than a page of those that cannot be reduced", async () => {
      const stuck = Array.from({ length: 230 }, (_, n) =>
        anOrder(`${owner}-${n}`, 1, { placedAt: 1_000 + n }),
      );
      const fine = [
        anOrder(`${owner}-a`, 1, { placedAt: 1_150 }),
        anOrder(`${owner}-b`, 1, { placedAt: 2_000 }),
      ];
      for (const order of [...stuck, ...fine]) await place(order);
      const stuckIds = new Set(stuck.map(({ id }) => id));
      const tried: string[] = [];
      const registry = new Registry();
      const sweep = createSettleSweep({
        store,
        settle: createSettle(store, createPlacedMetrics(registry, "EUR")),
        reduce: async (order) => {
          if (isOurs(order)) tried.push(order.id);
          if (stuckIds.has(order.id)) throw new Error("the cart cannot be reduced");
        },
        ageMs: 0,
        swept: createSweptOrdersCounter(registry),
        log: recordingLogger().log,
      });
      const fault = await sweep(new AbortController().signal).catch((error: Error) => error);
      expect((fault as Error).message).to.equal("230 carts could not be reduced");
      expect(tried, "each once").to.have.members([...stuckIds, ...fine.map(({ id }) => id)]);
      expect((await store.unsettled(Date.now(), 1_000, OLDEST)).filter(isOurs)).to.deep.equal(stuck);
      await store.settle([...stuckIds]);
    });

    it("finds and counts the oldest orders whose cart is not reduced yet", async () => {
      const before = await store.countUnsettled(10);
      const more = async (placedBefore = 10) => (await store.countUnsettled(placedBefore)) - before;
      const [first, second, third] = [1, 2, 3].map((n) => anOrder(`${owner}-${n}`, 1, { placedAt: n }));
      for (const order of [third!, first!, second!]) await place(order);
      const found = async (placedBefore: number, limit = 100) =>
        (await store.unsettled(placedBefore, limit, after)).filter(isOurs);
      let after: Place = OLDEST;
      expect(await found(3)).to.deep.equal([first, second]);
      expect(await found(10, 2)).to.deep.equal([first, second]);
      after = second!;
      expect(await found(10)).to.deep.equal([third]);
      after = OLDEST;
      expect([await more(), await more(3)]).to.deep.equal([3, 2]);
      await store.settle([first!.id]);
      expect(await found(10)).to.deep.equal([second, third]);
      const all = [second!.id, third!.id, first!.id];
      const news = await Promise.all([store.settle(all), rival.settle(all)]);
      expect(news.flat(), "each by one of two").to.deep.equal([second!.total, third!.total]);
      expect(await found(10)).to.deep.equal([]);
      expect(await more()).to.equal(0);
    });
  });
}
