import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { Registry } from "../platform/metrics/metrics.ts";
import { err, ok } from "../platform/result/result.ts";
import { recordingLogger } from "../testkit/recording-logger.ts";
import { type CheckoutCarts, type CheckoutRequest, createCheckout } from "./checkout.ts";
import { createOrderMetrics, createPlacedMetrics } from "./metrics.ts";
import type { Order } from "./order.ts";
import { type CheckoutBasis, type OrderStore, OrderStoreUnavailable } from "./order-store.ts";
import { createReachStore } from "./reach-store.ts";
import { createSettle } from "./settler.ts";

/*
 * Stand-ins for store and carts, for orders of events that real ones cannot be brought into at will;
 * internal/e2e/checkout.test.ts has the real ones.
 */

const price = { amount: 500, currency: "EUR" };
const asked: CheckoutRequest = {
  owner: "user:a",
  consent: [{ productId: "mug", quantity: 1, unitPrice: price }],
  request: { id: "id", hash: "hash" },
  traceparent: null,
};
const NEW: CheckoutBasis = { ordinal: 0, unsettled: null, earlier: null };

function scene(parts: {
  bases: readonly CheckoutBasis[];
  places: readonly (boolean | Error)[];
  redis?: "away";
}) {
  const calls: string[] = [];
  const bases = [...parts.bases];
  const places = [...parts.places];
  const placed: Order[] = [];
  const settled = new Set<string>();
  const counters = createPlacedMetrics(new Registry(), "EUR");
  const store = {
    checkoutBasis: async () => {
      calls.push("basis");
      return bases.shift() ?? parts.bases.at(-1)!;
    },
    place: async (order: Order) => {
      calls.push(`place ${order.ordinal}`);
      placed.push(order);
      const outcome = places.shift() ?? false;
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
    settle: async (ids: readonly string[]) => {
      calls.push(`settle ${ids.length}`);
      const news = ids.filter((id) => !settled.has(id));
      for (const id of news) settled.add(id);
      return placed.filter(({ id }) => news.includes(id)).map(({ total }) => total);
    },
    byId: async () => placed[0] ?? null,
  } as unknown as OrderStore;
  const carts: CheckoutCarts<string> = {
    claim: async () => {
      calls.push("claim");
      return ok({ cartId: "c", version: 3, items: [{ productId: "mug", quantity: 1 }] });
    },
    release: async (_owner, _token, end) => void calls.push(`release: ${end}`),
    reduce: async () => {
      calls.push("reduce");
      return parts.redis === "away" ? err({ code: "CART_STORE_UNAVAILABLE" }) : ok("the cart");
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
    settle: createSettle(store, counters),
    log: recordingLogger().log,
  });
  /** How many orders were counted, and what they were worth. */
  const counted = async () => {
    await turn();
    return Promise.all(
      [counters.orders, counters.value].map(async (counter) => (await counter.get()).values[0]!.value),
    );
  };
  return { checkout, calls, placed, counted };
}

describe("A checkout, step by step", () => {
  it("places the order, tells the relays, and reduces the cart, which lets go of it", async () => {
    const { checkout, calls } = scene({ bases: [NEW], places: [true] });
    const result = await checkout(asked);
    expect(result.ok && result.value).to.include({ cart: "the cart", replayed: false });
    expect(calls).to.deep.equal(["basis", "claim", "place 1", "notify 0", "reduce", "settle 1"]);
  });

  it("lets go of a cart that cannot be reduced now, for checkouts alone", async () => {
    const { checkout, calls } = scene({ bases: [NEW], places: [true], redis: "away" });
    expect(await checkout(asked)).to.have.nested.property("value.cart", "pending");
    expect(calls.slice(-2)).to.deep.equal(["reduce", "release: unknown"]);
  });

  it("lets go of a cart in the same way when nobody knows whether the order was placed", async () => {
    for (const outcome of [new OrderStoreUnavailable("gone"), new Error("a fault of ours")]) {
      const { checkout, calls } = scene({ bases: [NEW], places: [outcome] });
      await checkout(asked).catch(() => {});
      expect(calls.slice(-2)).to.deep.equal(["place 1", "release: unknown"]);
    }
  });

  it("lets go of a cart for good that it refuses to order", async () => {
    const { checkout, calls } = scene({ bases: [NEW], places: [] });
    const consent = [{ productId: "mug", quantity: 2, unitPrice: price }];
    expect(await checkout({ ...asked, consent })).to.have.nested.property("error.code", "CART_CHANGED");
    expect(calls.at(-1)).to.equal("release: nothing");
  });

  it("reduces the cart of the order before, before it reads the cart", async () => {
    const unsettled = { id: "before" } as Order;
    const { checkout, calls } = scene({ bases: [{ ...NEW, ordinal: 4, unsettled }], places: [true] });
    await checkout(asked);
    expect(calls.slice(0, 5)).to.deep.equal(["basis", "reduce", "settle 1", "claim", "place 5"]);
  });

  it("begins anew when another order took its place, and ends as the cart is then", async () => {
    const { checkout, calls } = scene({ bases: [NEW, { ...NEW, ordinal: 1 }], places: [false, true] });
    expect((await checkout(asked)).ok).to.equal(true);
    expect(calls.filter((call) => /place|release/.test(call))).to.deep.equal([
      "place 1",
      "release: nothing",
      "place 2",
    ]);
  });

  it("gives up against ever new orders, with nothing done", async () => {
    const { checkout } = scene({ bases: [NEW], places: [] });
    expect(await checkout(asked)).to.deep.equal({ ok: false, error: { code: "CHECKOUT_IN_PROGRESS" } });
  });

  it("counts an order once, however often it is repeated", async () => {
    const bases: CheckoutBasis[] = [NEW];
    const { checkout, placed, counted } = scene({ bases, places: [true] });
    await checkout(asked);
    bases[0] = { ...NEW, ordinal: 1, earlier: { hash: "hash", orderId: placed[0]!.id } };
    expect(await checkout(asked)).to.have.nested.property("value.replayed", true);
    expect(await counted()).to.deep.equal([1, 500]);
  });

  for (const [finder, found] of [
    ["a repeat", (order: Order) => ({ ...NEW, ordinal: 1, earlier: { hash: "hash", orderId: order.id } })],
    ["the owner's next checkout", (order: Order) => ({ ...NEW, ordinal: 1, unsettled: order })],
  ] as const)
    it(`counts an order that was placed without its caller learning it, when ${finder} finds it`, async () => {
      const bases: CheckoutBasis[] = [NEW];
      const { checkout, placed, counted } = scene({
        bases,
        places: [new OrderStoreUnavailable("the connection was lost at the commit"), false],
      });
      expect(await checkout(asked)).to.have.nested.property("error.code", "ORDER_STORE_UNAVAILABLE");
      expect(await counted(), "nobody knows").to.deep.equal([0, 0]);
      bases[0] = found(placed[0]!);
      await checkout(asked);
      expect(await counted()).to.deep.equal([1, 500]);
    });

  it("refuses another body under a known key, and touches no cart for it", async () => {
    const earlier = { hash: "another", orderId: "o" };
    const { checkout, calls } = scene({ bases: [{ ...NEW, earlier }], places: [] });
    expect(await checkout(asked)).to.deep.equal({ ok: false, error: { code: "IDEMPOTENCY_KEY_REUSED" } });
    expect(calls).to.deep.equal(["basis"]);
  });
});
