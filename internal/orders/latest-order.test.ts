import { expect } from "chai";
import { err, ok } from "../platform/result/result.ts";
import { recordingLogger } from "../testkit/recording-logger.ts";
import { createDecideOrders, createSettleOwner } from "./latest-order.ts";
import type { Order } from "./order.ts";
import { type CheckoutBasis, OrderStoreUnavailable } from "./order-store.ts";
import { createReachStore } from "./reach-store.ts";

/* Stand-ins, for orders of events that a real database cannot be brought into at will. */

const NEW: CheckoutBasis = { ordinal: 0, unsettled: null, earlier: null };

function scene(parts: {
  bases: readonly (CheckoutBasis | Error)[];
  skips: readonly (boolean | Error)[];
  redis?: "away";
}) {
  const calls: string[] = [];
  const next = <T>(name: string, list: (T | Error)[]): T => {
    calls.push(name);
    const one = list.shift()!;
    if (one instanceof Error) throw one;
    return one;
  };
  const [bases, skips] = [[...parts.bases], [...parts.skips]];
  const common = {
    store: {
      checkoutBasis: async () => next("basis", bases),
      skip: async (_owner, ordinal) => next(`skip ${ordinal}`, skips),
    },
    carts: {
      reduce: async ({ id }) => {
        calls.push(`reduce ${id}`);
        return parts.redis === "away" ? err({ code: "CART_STORE_UNAVAILABLE" }) : ok(null);
      },
    },
    reach: createReachStore({ timeoutMs: 1_000, log: recordingLogger().log }),
    settle: async ([id]) => calls.push(`settle ${id}`),
  } satisfies Parameters<typeof createDecideOrders>[0];
  const [decide, settle] = [createDecideOrders(common), createSettleOwner(common)];
  return { decide: () => decide("guest:a"), settle: () => settle("user:a"), calls };
}

const order = (id: string) => ({ id }) as Order;
const away = new OrderStoreUnavailable("gone");

describe("Deciding what came of an owner's checkouts", () => {
  it("takes the next ordinal from whatever is on its way, when nothing was ordered", async () => {
    const { decide, calls } = scene({ bases: [NEW], skips: [true] });
    expect((await decide()).ok).to.equal(true);
    expect(calls).to.deep.equal(["basis", "skip 1"]);
  });

  it("takes an order out of its cart first", async () => {
    const { decide, calls } = scene({
      bases: [{ ...NEW, ordinal: 4, unsettled: order("o") }],
      skips: [true],
    });
    expect((await decide()).ok).to.equal(true);
    expect(calls).to.deep.equal(["basis", "reduce o", "settle o", "skip 5"]);
  });

  it("looks again when an order was committed meanwhile", async () => {
    const late = { ...NEW, ordinal: 1, unsettled: order("late") };
    const { decide, calls } = scene({ bases: [NEW, late], skips: [false, true] });
    expect((await decide()).ok).to.equal(true);
    expect(calls).to.deep.equal(["basis", "skip 1", "basis", "reduce late", "settle late", "skip 2"]);
  });

  for (const [what, parts] of [
    ["the database does not say", { bases: [away], skips: [] }],
    ["the ordinal cannot be taken", { bases: [NEW], skips: [away] }],
    ["there are ever new orders", { bases: [NEW, NEW, NEW], skips: [false, false, false] }],
    [
      "the cart cannot be reduced",
      { bases: [{ ...NEW, unsettled: order("o") }], skips: [true], redis: "away" },
    ],
  ] as const)
    it(`does not succeed when ${what}`, async () => {
      expect((await scene(parts).decide()).ok).to.equal(false);
    });
});

describe("Settling an owner's latest order", () => {
  it("takes it out of its cart, and keeps no checkout from the next ordinal", async () => {
    const { settle, calls } = scene({
      bases: [{ ...NEW, ordinal: 4, unsettled: order("o") }],
      skips: [],
    });
    expect((await settle()).ok).to.equal(true);
    expect(calls).to.deep.equal(["basis", "reduce o", "settle o"]);
  });

  for (const [what, parts] of [
    ["the database does not say", { bases: [away], skips: [] }],
    ["the cart cannot be reduced", { bases: [{ ...NEW, unsettled: order("o") }], skips: [], redis: "away" }],
  ] as const)
    it(`does not succeed when ${what}`, async () => {
      expect((await scene(parts).settle()).ok).to.equal(false);
    });
});
