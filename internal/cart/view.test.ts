import { expect } from "chai";
import type { Listing } from "./catalog/catalog.ts";
import { viewOf } from "./view.ts";

const state = {
  cartId: "id",
  version: 3,
  items: [
    { productId: "a", quantity: 2 },
    { productId: "b", quantity: 3 },
  ],
  expiresAt: null,
};
const listing = (amount: number, asOf: number, stock = 1_000_000) => ({
  name: "x",
  price: { amount, currency: "EUR" },
  stock,
  asOf,
});

describe("A cart's view", () => {
  it("sums in whole minor units and says how old the oldest price is", () => {
    const view = viewOf(
      state,
      new Map([
        ["a", listing(1_99, 2_000)],
        ["b", listing(10, 1_000)],
      ]),
      "EUR",
    );
    expect(view.items.map((item) => item.lineTotal?.amount)).to.deep.equal([398, 30]);
    expect(view.total).to.deep.equal({ amount: 428, currency: "EUR" });
    expect(view.pricesAsOf).to.equal("1970-01-01T00:00:01.000Z");
  });

  it("says which lines can be bought, why the others cannot, and whom the total leaves out", () => {
    const more = [...state.items, { productId: "c", quantity: 4 }, { productId: "d", quantity: 5 }];
    const listings = new Map<string, Listing>([
      ["a", listing(100, 0, 2)],
      ["b", "gone"],
      ["c", listing(10, 0, 3)],
    ]);
    const view = viewOf({ ...state, items: more }, listings, "EUR");
    expect(view.items.map(({ availability }) => availability)).to.deep.equal([
      "available",
      "gone",
      "outOfStock",
      "priceUnknown",
    ]);
    for (const line of [view.items[1], view.items[3]])
      expect(line).to.include({ name: null, unitPrice: null, lineTotal: null });
    expect(view.total).to.deep.equal({ amount: 240, currency: "EUR", excludes: ["b", "d"] });
  });

  it("has no age of prices when it has none", () => {
    expect(viewOf(state, new Map(), "EUR").pricesAsOf).to.equal(null);
    expect(viewOf(state, new Map([["a", "gone" as const]]), "EUR").pricesAsOf).to.equal(null);
  });

  it("stays exact at the largest amounts, and leaves out what would not be", () => {
    const items = ["a", "b", "c"].map((productId) => ({ productId, quantity: 4_000_000 }));
    const prices = new Map(items.map(({ productId }) => [productId, listing(999_999_999, 0, 4_000_000)]));
    const view = viewOf({ ...state, items }, prices, "EUR");
    expect(view.total).to.deep.equal({
      amount: 7_999_999_992_000_000,
      currency: "EUR",
      excludes: ["c"],
    });
    expect(view.items[2]).to.include({ lineTotal: null, availability: "priceUnknown" });
  });
});
