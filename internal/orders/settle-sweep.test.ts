import { expect } from "chai";
import { Registry } from "../platform/metrics/metrics.ts";
import { recordingLogger } from "../testkit/recording-logger.ts";
import { createSweptOrdersCounter } from "./metrics.ts";
import type { Order } from "./order.ts";
import type { OrderStore } from "./order-store.ts";
import { createSettleSweep, forgetOldRequests } from "./settle-sweep.ts";

/* A stand-in for the store: all there is to see is what the sweep asks of it. */

const orderOf = (id: string) => ({ id }) as Order;

describe("The sweep of carts that were ordered", () => {
  it("marks those that it reduces, goes past one that it cannot, and then says so", async () => {
    const asked: number[] = [];
    const settled: string[] = [];
    const store = {
      unsettled: async (before: number) => {
        asked.push(before);
        return ["a", "corrupt", "c"].map(orderOf);
      },
    } as unknown as OrderStore;
    const swept = createSweptOrdersCounter(new Registry());
    const sweep = createSettleSweep({
      store,
      settle: async (ids) => void settled.push(...ids),
      reduce: async ({ id }) => {
        if (id === "corrupt") throw new Error("the cart cannot be read");
      },
      ageMs: 5_000,
      swept,
      log: recordingLogger().log,
    });
    const fault = await sweep().catch((error: Error) => error);
    expect((fault as Error).message).to.equal("1 carts could not be reduced");
    expect(settled).to.deep.equal(["a", "c"]);
    expect((await swept.get()).values[0]!.value).to.equal(2);
    expect(Date.now() - asked[0]!).to.be.at.least(5_000);
  });

  it("forgets requests of more than a day ago, some at a time, until none is left", async () => {
    const counts = [1_000, 1_000, 7];
    const befores: number[] = [];
    const store = {
      forgetRequests: async (before: number) => {
        befores.push(before);
        return counts.shift();
      },
    } as unknown as OrderStore;
    await forgetOldRequests(store);
    expect(counts).to.deep.equal([]);
    expect(Date.now() - befores[0]!).to.be.at.least(24 * 3_600_000);
  });
});
