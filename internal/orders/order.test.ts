import { expect } from "chai";
import fc from "fast-check";
import { err, ok } from "../platform/result/result.ts";
import { lineTotal, type Order, type OrderStatus, TRANSITIONS, totalOf, transition } from "./order.ts";

const STATUSES = Object.keys(TRANSITIONS) as OrderStatus[];

const eur = (amount: number) => ({ amount, currency: "EUR" });

function orderIn(status: OrderStatus): Order {
  const line = { productId: "a", name: "A", unitPrice: eur(5), agreedPrice: eur(5), quantity: 2 };
  return {
    id: "0191d3a0-0000-7000-8000-000000000001",
    owner: "user:a",
    ordinal: 1,
    status,
    version: 3,
    placedAt: 1,
    lines: [line],
    total: eur(10),
    cart: { cartId: "c", version: 1 },
  };
}

describe("An order", () => {
  it("goes from placed to paid to fulfilled, and can be cancelled until it is fulfilled", () => {
    const possible = STATUSES.flatMap((from) =>
      STATUSES.filter((to) => transition(orderIn(from), to).ok).map((to) => `${from} -> ${to}`),
    );
    expect(possible).to.deep.equal([
      "placed -> paid",
      "placed -> cancelled",
      "paid -> fulfilled",
      "paid -> cancelled",
    ]);
  });

  it("is one version further after a transition, and otherwise the same", () => {
    const order = orderIn("placed");
    expect(transition(order, "paid")).to.deep.equal(ok({ ...order, status: "paid", version: 4 }));
  });

  it("says of a refused transition where it is and where it could go", () => {
    expect(transition(orderIn("placed"), "fulfilled")).to.deep.equal(
      err({ code: "ORDER_STATE", state: "placed", allowed: ["paid", "cancelled"] }),
    );
    expect(transition(orderIn("cancelled"), "cancelled")).to.deep.equal(
      err({ code: "ORDER_STATE", state: "cancelled", allowed: [] }),
    );
  });

  it("ends in fulfilled or cancelled, whatever is tried", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...STATUSES)), (attempts) => {
        let order = orderIn("placed");
        for (const to of attempts) {
          const next = transition(order, to);
          if (next.ok) order = next.value;
        }
        if (TRANSITIONS[order.status].length === 0)
          expect(["fulfilled", "cancelled"]).to.include(order.status);
      }),
    );
  });

  it("sums whole minor units, and has no total where that would not be exact", () => {
    const { lines } = orderIn("placed");
    expect(lineTotal(lines[0]!)).to.deep.equal(eur(10));
    expect(totalOf([...lines, ...lines], "EUR")).to.deep.equal(eur(20));
    const huge = { ...lines[0]!, unitPrice: eur(1_000_000_000), quantity: 1_000_000 };
    expect(totalOf(Array(10).fill(huge), "EUR")).to.equal(null);
  });
});
