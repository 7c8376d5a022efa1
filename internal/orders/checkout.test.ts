import { expect } from "chai";
import { Registry } from "../platform/metrics/metrics.ts";
import { ok } from "../platform/result/result.ts";
import { recordingLogger } from "../testkit/recording-logger.ts";
import { type CheckoutCarts, type CheckoutRequest, createCheckout } from "./checkout.ts";
import { createOrderMetrics } from "./metrics.ts";
import type { Order } from "./order.ts";
import type { OrderStore, Standing } from "./order-store.ts";
import { createReachStore } from "./reach-store.ts";

/*
 * Stand-ins for store and carts, for orders of events that real ones cannot be brought into at will;
 * internal/e2e/checkout.test.ts has the real ones.
 */

const price = { amount: 500, currency: "EUR" };
const wish: CheckoutRequest = {
  owner: "user:a",
  consent: [{ productId: "mug", quantity: 1, unitPrice: price }],
  request: { id: "id", hash: "hash" },
  traceparent: null,
};
const NEW: Standing = { ordinal: 0, unsettled: null, earlier: null };

function scene(parts: { standings: readonly Standing[]; places: readonly boolean[] }) {
  const calls: string[] = [];
  const standings = [...parts.standings];
  const places = [...parts.places];
  const placed: Order[] = [];
  const store = {
    standing: async () => {
      calls.push("standing");
      return standings.shift() ?? parts.standings.at(-1)!;
    },
    place: async (order: Order) => {
      calls.push(`place ${order.ordinal}`);
      placed.push(order);
      return places.shift() ?? false;
    },
    settle: async (ids: readonly string[]) => void calls.push(`settle ${ids.length}`),
    byId: async () => placed[0] ?? null,
  } as unknown as OrderStore;
  const carts: CheckoutCarts<string> = {
    claim: async () => {
      calls.push("claim");
      return ok({ cartId: "c", version: 3, items: [{ productId: "mug", quantity: 1 }] });
    },
    release: async () => void calls.push("release"),
    reduce: async () => {
      calls.push("reduce");
      return ok("the cart");
    },
  };
  const checkout = createCheckout({
    store,
    carts,
    reach: createReachStore({ timeoutMs: 1_000, log: recordingLogger().log }),
    products: async () => ok(new Map([["mug", { name: "Mug", price, stock: 1 }]])),
    currency: "EUR",
    partitionOf: () => 0,
    notify: (partition) => void calls.push(`notify ${partition}`),
    metrics: createOrderMetrics(new Registry()),
  });
  return { checkout, calls };
}

describe("A checkout, step by step", () => {
  it("places the order, tells the relays, reduces the cart, and lets go of it", async () => {
    const { checkout, calls } = scene({ standings: [NEW], places: [true] });
    const result = await checkout(wish);
    expect(result.ok && result.value).to.include({ cart: "the cart", replayed: false });
    expect(calls).to.deep.equal([
      "standing",
      "claim",
      "place 1",
      "notify 0",
      "reduce",
      "settle 1",
      "release",
    ]);
  });

  it("reduces the cart of the order before, before it reads the cart", async () => {
    const unsettled = { id: "before" } as Order;
    const { checkout, calls } = scene({ standings: [{ ...NEW, ordinal: 4, unsettled }], places: [true] });
    await checkout(wish);
    expect(calls.slice(0, 5)).to.deep.equal(["standing", "reduce", "settle 1", "claim", "place 5"]);
  });

  it("begins anew when another order took its place, and ends as the cart is then", async () => {
    const { checkout, calls } = scene({ standings: [NEW, { ...NEW, ordinal: 1 }], places: [false, true] });
    expect((await checkout(wish)).ok).to.equal(true);
    expect(calls.filter((call) => /place|release/.test(call))).to.deep.equal([
      "place 1",
      "release",
      "place 2",
      "release",
    ]);
  });

  it("gives up against ever new orders, with nothing done", async () => {
    const { checkout } = scene({ standings: [NEW], places: [] });
    expect(await checkout(wish)).to.deep.equal({ ok: false, error: { code: "CHECKOUT_IN_PROGRESS" } });
  });

  it("refuses another body under a known key, and touches no cart for it", async () => {
    const earlier = { hash: "another", orderId: "o" };
    const { checkout, calls } = scene({ standings: [{ ...NEW, earlier }], places: [] });
    expect(await checkout(wish)).to.deep.equal({ ok: false, error: { code: "IDEMPOTENCY_KEY_REUSED" } });
    expect(calls).to.deep.equal(["standing"]);
  });
});
