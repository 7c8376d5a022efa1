import { expect } from "chai";
import { Registry } from "../platform/metrics/metrics.ts";
import { ok } from "../platform/result/result.ts";
import { createOrderMetrics } from "./metrics.ts";
import type { Order } from "./order.ts";
import { createOrderService } from "./order-service.ts";
import type { OrderStore } from "./order-store.ts";

/* A stand-in for the store: a real one cannot be made to commit between two given reads. */

const OWNER = "user:a";
const placed = { id: "an-order", owner: OWNER, status: "placed", version: 1 } as Order;
const cancelled: Order = { ...placed, status: "cancelled", version: 2 };

describe("A request to cancel an order", () => {
  it("that its first attempt does between this one's reads is told of the order as it is then", async () => {
    let done = false;
    const store = {
      byId: async () => (done ? cancelled : placed),
      request: async () => {
        done = true;
        return { hash: "same", orderId: placed.id };
      },
    } as unknown as OrderStore;
    const metrics = createOrderMetrics(new Registry());
    const service = createOrderService({
      store,
      reach: async (work) => ok(await work()),
      partitionOf: () => 0,
      notify: () => {},
      metrics,
    });
    const request = { id: "key", hash: "same" };
    const asked = { id: placed.id, to: "cancelled", owner: OWNER, request, traceparent: null } as const;
    expect(await service.transition(asked)).to.deep.equal(ok({ order: cancelled, replayed: true }));
    const counted = (await metrics.transitions.get()).values.filter(({ value }) => value > 0);
    expect(counted.map(({ labels }) => labels)).to.deep.equal([{ to: "cancelled", result: "replayed" }]);
  });
});
