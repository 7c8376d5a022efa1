import { expect } from "chai";
import { Registry } from "../platform/metrics/metrics.ts";
import { recordingLogger } from "../testkit/recording-logger.ts";
import { createSweptOrdersCounter } from "./metrics.ts";
import type { Order } from "./order.ts";
import type { OrderStore } from "./order-store.ts";
import { createSettleSweep } from "./settle-sweep.ts";

/* A stand-in for the store: all there is to see is what the sweep asks of it. */

const orderOf = (id: string, n: number) => ({ id, placedAt: n + 1 }) as Order;

describe("The sweep of carts that were ordered", () => {
  function sweepOf(options: { orders: Order[]; reduce?: (order: Order) => Promise<void>; noted?: number }) {
    const asked: number[] = [];
    const settled: string[][] = [];
    const store: Pick<OrderStore, "unsettled"> = {
      unsettled: async (before, limit, after) => {
        asked.push(before);
        return options.orders.filter(({ placedAt }) => placedAt > after.placedAt).slice(0, limit);
      },
    };
    const swept = createSweptOrdersCounter(new Registry());
    const sweep = createSettleSweep({
      store,
      settle: async (ids) => {
        settled.push([...ids]);
        return options.noted ?? ids.length;
      },
      reduce: options.reduce ?? (async () => {}),
      ageMs: 5_000,
      swept,
      log: recordingLogger().log,
    });
    return { sweep, asked, settled, count: async () => (await swept.get()).values[0]!.value };
  }
  const going = new AbortController().signal;

  it("marks those that it reduces, goes past one that it cannot, and then says so", async () => {
    const { sweep, asked, settled, count } = sweepOf({
      orders: ["a", "corrupt", "c"].map(orderOf),
      reduce: async ({ id }) => {
        if (id === "corrupt") throw new Error("the cart cannot be read");
      },
    });
    const fault = await sweep(going).catch((error: Error) => error);
    expect((fault as Error).message).to.equal("1 carts could not be reduced");
    expect(settled).to.deep.equal([["a", "c"]]);
    expect(await count()).to.equal(2);
    expect(Date.now() - asked[0]!).to.be.at.least(5_000);
  });

  it("waits for a whole page at a time, and not for one cart after the other", async () => {
    let waiting = 0;
    let together = 0;
    const all = Promise.withResolvers<void>();
    const { sweep, count } = sweepOf({
      orders: Array.from({ length: 100 }, (_, n) => orderOf(String(n), n)),
      reduce: async () => {
        together = Math.max(together, ++waiting);
        if (waiting === 100) all.resolve();
        await all.promise;
        waiting--;
      },
    });
    await sweep(going);
    expect([together, await count()]).to.deep.equal([100, 100]);
  });

  it("counts those that no other sweep has noted", async () => {
    const { sweep, count } = sweepOf({ orders: ["a", "b", "c"].map(orderOf), noted: 1 });
    await sweep(going);
    expect(await count()).to.equal(1);
  });

  it("ends after the page at hand when the process stops", async () => {
    const stopping = new AbortController();
    const { sweep, count } = sweepOf({
      orders: Array.from({ length: 250 }, (_, n) => orderOf(String(n), n)),
      reduce: async () => stopping.abort(),
    });
    await sweep(stopping.signal);
    expect(await count()).to.equal(100);
  });
});
