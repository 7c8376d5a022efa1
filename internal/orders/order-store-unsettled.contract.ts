import { expect } from "chai";
import { Registry } from "../platform/metrics/metrics.ts";
import { recordingLogger } from "../testkit/recording-logger.ts";
import { createPlacedMetrics, createSweptOrdersCounter } from "./metrics.ts";
import type { Order } from "./order.ts";
import { OLDEST, type Place } from "./order-store.ts";
import { anOrder, type OrderStoreScene } from "./order-store-scene.contract.ts";
import { createSettleSweep } from "./settle-sweep.ts";
import { createSettle } from "./settler.ts";

/** Orders whose carts are not reduced yet. */
export function describeUnsettled(scene: OrderStoreScene): void {
  const { place } = scene;
  const isOurs = (order: Order) => order.owner.startsWith(`${scene.owner}-`);

  it("goes through orders that were placed in one ms, each once, from any of them on", async () => {
    const { store, owner } = scene;
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
    const { store, owner } = scene;
    const stuck = Array.from({ length: 230 }, (_, n) => anOrder(`${owner}-${n}`, 1, { placedAt: 1_000 + n }));
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
    const { store, rival, owner } = scene;
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
}
