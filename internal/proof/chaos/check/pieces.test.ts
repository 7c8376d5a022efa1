import { expect } from "chai";
import type { Arrival, Change, Line, OrderArrival } from "./history.ts";
import { checkPieces } from "./pieces.ts";

const mugs = (quantity: number): Line[] => (quantity === 0 ? [] : [{ productId: "mug", quantity }]);

/** A guest's cart, as its events tell: what was done, and the mugs that it left. */
function cart(...changes: readonly [change: Change, mugs: number][]): Arrival[] {
  return changes.map(([change, quantity], at) => ({
    id: `e${at}`,
    type: "cart.updated",
    subject: "gc",
    version: at + 1,
    trace: null,
    occurredAt: at,
    receivedAt: at,
    data: { owner: "guest:g", cartId: "gc", version: at + 1, change, items: mugs(quantity), expiresAt: null },
  }));
}

/** An order of so many mugs, made from the cart at a version. */
function order(quantity: number, cartVersion: number, id = "o1"): OrderArrival {
  const [event] = cart([{ type: "" }, quantity]);
  const { owner } = event!.data;
  const items = event!.data.items.map((line) => ({ ...line, unitPrice: { amount: 1, currency: "EUR" } }));
  const data = { owner, items, orderId: id, status: "placed", version: 1, cartId: "gc", cartVersion };
  return { ...event!, type: "order.placed", subject: id, data };
}

const added: Change = { type: "item-added", productId: "mug" };
const set: Change = { type: "item-set", productId: "mug" };
const ordered = (orderId = "o1"): Change => ({ type: "ordered", orderId });
const merged = (quantity: number): Change => ({ type: "cart-merged", into: "user:u", lines: mugs(quantity) });
const expired: Change = { type: "cart-expired" };
const rules = (events: Arrival[], ...orders: OrderArrival[]) =>
  checkPieces(events, orders).map(({ rule }) => rule);

describe("The chaos checker of where a guest's pieces end", () => {
  const fair: [what: string, events: Arrival[], orders: OrderArrival[]][] = [
    ["an order that left the cart before its merge", cart([added, 3], [ordered(), 0]), [order(3, 1)]],
    [
      "a merge of what came in after the order",
      cart([added, 3], [added, 5], [ordered(), 2], [merged(2), 0]),
      [order(3, 1)],
    ],
    [
      "a merge of what was put in again",
      cart([added, 3], [set, 0], [added, 2], [merged(2), 0]),
      [order(3, 1)],
    ],
    [
      "an order that found less, because the guest had put some back",
      cart([added, 5], [set, 2], [ordered(), 0], [added, 1], [merged(1), 0]),
      [order(5, 1)],
    ],
    [
      "two orders of one cart, one after the other",
      cart([added, 3], [ordered(), 0], [added, 2], [ordered("o2"), 0]),
      [order(3, 1), order(2, 3, "o2")],
    ],
    ["an order of a cart that expired", cart([added, 3], [expired, 3]), [order(3, 1)]],
    ["an order of a cart that is still there", cart([added, 3]), [order(3, 1)]],
  ];
  for (const [what, events, orders] of fair)
    it(`accepts ${what}`, () => expect(rules(events, ...orders)).to.deep.equal([]));

  const wrong: [what: string, events: Arrival[], orders: OrderArrival[], rule: string][] = [
    ["goods in an order and with the user", cart([added, 3], [merged(3), 0]), [order(3, 1)], "piece-twice"],
    [
      "goods in an order and with the user, of which some were put back",
      cart([added, 3], [set, 1], [merged(1), 0]),
      [order(3, 1)],
      "piece-twice",
    ],
    [
      "a second order that was not taken out before the merge",
      cart([added, 3], [ordered(), 0], [added, 2], [merged(2), 0]),
      [order(3, 1), order(2, 3, "o2")],
      "piece-twice",
    ],
    [
      "goods that left for an order which has fewer",
      cart([added, 3], [ordered(), 0]),
      [order(2, 1)],
      "piece-lost",
    ],
  ];
  for (const [what, events, orders, rule] of wrong)
    it(`catches ${what}`, () => expect(rules(events, ...orders)).to.deep.equal([rule]));
});
