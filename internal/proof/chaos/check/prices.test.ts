import { expect } from "chai";
import type { Difference } from "./answers.ts";
import type { CatalogVersion } from "./catalog-seen.ts";
import type { Attempt, JourneyAttempt, OrderArrival } from "./history.ts";
import { checkPrices } from "./prices.ts";
import { checkStock } from "./stock.ts";

const euro = (amount: number) => ({ amount, currency: "EUR" });
const version = (at: number, amount: number, stock: number, by: CatalogVersion["by"] = "changed") => ({
  product: { id: "mug", name: "Mug", price: euro(amount), stock },
  by,
  from: at,
  to: at + 10,
});
/** At 100 from the beginning; from 5000 on at 120, of which there are two. */
const VERSIONS = [version(0, 100, 50, "seed"), version(5_000, 120, 2)];
const line = (quantity: number, amount: number) => ({ productId: "mug", quantity, unitPrice: euro(amount) });

const checkout = (from: number, more: Partial<JourneyAttempt> = {}): JourneyAttempt => ({
  trace: "t",
  owner: "user:ann",
  operation: "checkout",
  guest: null,
  strategy: null,
  orderId: null,
  agreed: [line(3, 100)],
  key: "k",
  from,
  to: from + 100,
  caching: null,
  outcome: { kind: "unknown", reason: "no answer" },
  ...more,
});
const order = (at: number, quantity: number, amount: number): OrderArrival => ({
  id: "e",
  type: "order.placed",
  subject: "o1",
  version: 1,
  trace: "t",
  occurredAt: at,
  receivedAt: at + 10,
  data: {
    owner: "user:ann",
    orderId: "o1",
    status: "placed",
    version: 1,
    items: [line(quantity, amount)],
    cartId: "c",
    cartVersion: 1,
  },
});
const refused = (code: string, ...lines: Difference[]) =>
  ({ outcome: { kind: "refused", status: 409, code, lines } }) as const;
const rose = (was: number, now: number) => ({
  productId: "mug",
  was: { unitPrice: euro(was) },
  now: { unitPrice: euro(now) },
});
const short = (was: number, now: number) => ({
  productId: "mug",
  was: { quantity: was },
  now: { stock: now },
});

describe("The chaos checker of prices and stock", () => {
  type Case = [what: string, attempt: JourneyAttempt, orders: OrderArrival[], rules: string[]];
  const cases: Case[] = [
    ["accepts an order at the price agreed to", checkout(1_000), [order(1_050, 3, 100)], []],
    [
      "accepts an order at the price before or after a change that was under way",
      checkout(4_950, { agreed: [line(2, 150)] }),
      [order(5_005, 2, 100)],
      [],
    ],
    [
      "accepts an order at a lower price than agreed to",
      checkout(6_000, { agreed: [line(2, 130)] }),
      [order(6_050, 2, 120)],
      [],
    ],
    [
      "accepts a refusal for a price that rose",
      checkout(6_000, refused("PRICE_CHANGED", rose(100, 120))),
      [],
      [],
    ],
    [
      "accepts a refusal for a stock that fell",
      checkout(6_000, { agreed: [line(3, 120)], ...refused("OUT_OF_STOCK", short(3, 2)) }),
      [],
      [],
    ],
    [
      "catches an order above the price agreed to",
      checkout(6_000, { agreed: [line(2, 100)] }),
      [order(6_050, 2, 120)],
      ["order-price"],
    ],
    [
      "catches an order at a price of the past",
      checkout(6_000, { agreed: [line(2, 120)] }),
      [order(6_050, 2, 100)],
      ["order-price"],
    ],
    [
      "catches an order at a price that is still to come",
      checkout(1_000, { agreed: [line(2, 120)] }),
      [order(1_050, 2, 120)],
      ["order-price"],
    ],
    [
      "catches an order of more than there was",
      checkout(6_000, { agreed: [line(3, 120)] }),
      [order(6_050, 3, 120)],
      ["order-stock"],
    ],
    [
      "catches a refusal for a price that had not risen yet",
      checkout(1_000, refused("PRICE_CHANGED", rose(100, 120))),
      [],
      ["wrong-refusal"],
    ],
    [
      "catches a refusal that names another price than was agreed to",
      checkout(6_000, refused("PRICE_CHANGED", rose(90, 120))),
      [],
      ["wrong-refusal"],
    ],
    [
      "catches a refusal for a price that fell",
      checkout(6_000, { agreed: [line(2, 130)], ...refused("PRICE_CHANGED", rose(130, 120)) }),
      [],
      ["wrong-refusal"],
    ],
    [
      "catches a refusal that names no line",
      checkout(6_000, refused("PRICE_CHANGED")),
      [],
      ["wrong-refusal"],
    ],
    [
      "catches a refusal for a stock that is enough",
      checkout(6_000, { agreed: [line(2, 120)], ...refused("OUT_OF_STOCK", short(2, 2)) }),
      [],
      ["wrong-refusal"],
    ],
    [
      "catches a refusal for a stock that was not so",
      checkout(1_000, refused("OUT_OF_STOCK", short(3, 2))),
      [],
      ["wrong-refusal"],
    ],
  ];
  for (const [what, attempt, orders, rules] of cases)
    it(what, () =>
      expect(checkPrices(orders, [attempt], VERSIONS, []).map(({ rule }) => rule)).to.deep.equal(rules),
    );

  it("catches a refusal that leaves out a line whose price rose too", () => {
    const pots = VERSIONS.map((each) => ({ ...each, product: { ...each.product, id: "pot" } }));
    const agreed = [line(2, 100), { ...line(2, 100), productId: "pot" }];
    const attempt = checkout(6_000, { agreed, ...refused("PRICE_CHANGED", rose(100, 120)) });
    const found = checkPrices([], [attempt], [...VERSIONS, ...pots], []);
    expect(found.map(({ rule }) => rule)).to.deep.equal(["wrong-refusal"]);
  });

  const add = (from: number, quantity: number, outcome: Attempt["outcome"]): Attempt => ({
    trace: "t",
    owner: "user:ann",
    operation: "add",
    productId: "mug",
    quantity,
    key: null,
    ifMatch: null,
    from,
    to: from + 100,
    caching: null,
    outcome,
  });
  const held = (quantity: number) => {
    const { data, ...event } = order(6_050, quantity, 100);
    const change = { type: "item-added", productId: "mug", quantity };
    return { ...event, data: { ...data, change, expiresAt: null } };
  };
  const done = {
    kind: "done",
    cart: { cartId: "c", version: 1, items: [{ productId: "mug", quantity: 3 }] },
    replayed: false,
  } as const;
  const soldOut = { kind: "refused", status: 409, code: "OUT_OF_STOCK" } as const;
  const stock = (attempt: Attempt, left: number) =>
    checkStock([held(left)], [attempt], VERSIONS, []).map(({ rule }) => rule);
  it("accepts an add within what there was lately, and catches one beyond it", () => {
    expect(stock(add(6_000, 3, done), 3)).to.deep.equal([]);
    expect(stock(add(8_000, 2, done), 2)).to.deep.equal([]);
    expect(stock(add(8_000, 3, done), 3)).to.deep.equal(["over-stock"]);
  });
  it("accepts an add refused for what there was, and catches one refused for nothing", () => {
    expect(stock(add(8_000, 3, soldOut), 0)).to.deep.equal([]);
    expect(stock(add(8_000, 1, soldOut), 2)).to.deep.equal([]);
    expect(stock(add(8_000, 1, soldOut), 1)).to.deep.equal(["wrong-refusal"]);
    expect(stock(add(1_000, 3, soldOut), 2)).to.deep.equal(["wrong-refusal"]);
  });
});
