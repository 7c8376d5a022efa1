import { expect } from "chai";
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
const listing = (amount: number, asOf: number) => ({ name: "x", price: { amount, currency: "EUR" }, asOf });

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

  it("shows a product that the catalog never named without a price, and leaves it out of the total", () => {
    const view = viewOf(state, new Map([["a", listing(100, 0)]]), "EUR");
    expect(view.items[1]).to.deep.equal({
      productId: "b",
      name: null,
      unitPrice: null,
      quantity: 3,
      lineTotal: null,
    });
    expect(view.total.amount).to.equal(200);
  });

  it("has no age of prices when it has none", () => {
    expect(viewOf(state, new Map(), "EUR").pricesAsOf).to.equal(null);
  });

  it("stays exact at the largest amounts", () => {
    const view = viewOf(
      { ...state, items: [{ productId: "a", quantity: 999_999 }] },
      new Map([["a", listing(999_999_999, 0)]]),
      "EUR",
    );
    expect(view.total.amount).to.equal(999_998_999_000_001);
  });
});
