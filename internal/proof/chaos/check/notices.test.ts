import { expect } from "chai";
import { check } from "./checker.ts";
import type { Arrival, History } from "./history.ts";
import { checkNotices, NOTICE_MS } from "./notices.ts";

const END = 1_000_000;
const LATER = END + 60_000;
const mugs = (quantity: number) => [{ productId: "mug", quantity }];

function event(
  version: number,
  occurredAt: number,
  type: string,
  more: Partial<Arrival["data"]> = {},
): Arrival {
  return {
    id: `e${version}`,
    type: type === "item-added" ? "cart.updated" : type.replace("-", "."),
    subject: "c",
    version,
    trace: null,
    occurredAt,
    receivedAt: occurredAt + 10,
    data: {
      owner: "guest:g",
      ...(type !== "item-added" && { ownerKind: "guest" }),
      cartId: "c",
      version,
      change: { type },
      items: mugs(1),
      expiresAt: new Date(END).toISOString(),
      ...more,
    },
  };
}

const renewed = { expiresAt: new Date(LATER).toISOString() };
const added = event(1, END - 15_000, "item-added");
const notice = event(2, END - 5_000, "cart-expiring");
const rules = (...events: Arrival[]) => checkNotices(events).map(({ rule }) => rule);

describe("The chaos checker of carts that come near their end", () => {
  it("accepts a notice in each life, and the end after it", () => {
    const again = event(3, END - 4_000, "item-added", renewed);
    const second = event(4, LATER - NOTICE_MS, "cart-expiring", renewed);
    expect(rules(added, notice, again, second, event(5, LATER, "cart-expired", renewed))).to.deep.equal([]);
  });
  it("accepts an end without notice: whoever tells may have been away", () => {
    expect(rules(added, event(2, END + 1, "cart-expired"))).to.deep.equal([]);
  });
  const cases: [what: string, events: Arrival[], rule: string][] = [
    ["a second notice in one life", [added, notice, { ...notice, id: "x", version: 3 }], "notice-twice"],
    ["a notice before its moment", [added, { ...notice, occurredAt: END - NOTICE_MS - 1 }], "wrong-notice"],
    ["a notice after the end", [added, { ...notice, occurredAt: END }], "wrong-notice"],
    [
      "a notice of a former life",
      [added, event(2, END - 6_000, "item-added", renewed), { ...notice, version: 3 }],
      "wrong-notice",
    ],
    ["a notice that renews", [added, event(2, END - 5_000, "cart-expiring", renewed)], "wrong-notice"],
    [
      "a notice of other lines",
      [added, event(2, END - 5_000, "cart-expiring", { items: mugs(2) })],
      "wrong-notice",
    ],
    [
      "a notice of another kind of owner",
      [added, event(2, END - 5_000, "cart-expiring", { ownerKind: "user" })],
      "owner-kind",
    ],
    [
      "an end of another kind of owner",
      [added, event(2, END, "cart-expired", { ownerKind: "user" })],
      "owner-kind",
    ],
  ];
  for (const [what, events, rule] of cases)
    it(`catches ${what}`, () => expect(rules(...events)).to.deep.equal([rule]));

  it("accepts a cart at rest as it was before or after the notice, whichever comes first", () => {
    const added = event(1, END - 15_000, "item-added", {
      change: { type: "item-added", productId: "mug", quantity: 1 },
    });
    const story = (version: number, readAt: number): History => ({
      attempts: [
        {
          trace: "t",
          owner: "guest:g",
          operation: "add",
          productId: "mug",
          quantity: 1,
          key: null,
          ifMatch: null,
          from: END - 15_001,
          to: END - 14_990,
          caching: null,
          outcome: { kind: "unknown", reason: "no answer" },
        },
      ],
      arrivals: [{ ...added, trace: "t" }, notice],
      carts: [
        { owner: "guest:g", cart: { cartId: "c", version, items: mugs(1) }, from: readAt, to: readAt + 5 },
      ],
      journeys: [],
      orderArrivals: [],
      orders: [],
      reads: [],
      versions: [],
      sessions: [],
      faults: [],
    });
    expect(check(story(1, END - 5_100))).to.deep.equal([]);
    expect(check(story(2, END - 4_900))).to.deep.equal([]);
    expect(check(story(1, END - 4_900)).map(({ rule }) => rule)).to.deep.equal(["cart-differs"]);
    expect(check(story(2, END - 5_100)).map(({ rule }) => rule)).to.deep.equal(["cart-differs"]);
  });
});
