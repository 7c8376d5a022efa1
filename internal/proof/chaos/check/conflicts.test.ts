import { expect } from "chai";
import { checkConflicts } from "./conflicts.ts";
import type { Attempt, JourneyAttempt } from "./history.ts";

const UNKNOWN = { kind: "unknown", reason: "no answer" } as const;
const CONFLICT = { kind: "refused", status: 409, code: "MERGE_CONFLICT" } as const;
const DONE = { kind: "done", replayed: false, cart: { cartId: "c", version: 1, items: [] } } as const;
const REDUCED = { ...DONE, report: [], order: null } as const;

const journey = (from: number, more: Partial<JourneyAttempt>): JourneyAttempt => ({
  trace: `${from}`,
  owner: "user:ann",
  operation: "merge",
  guest: "guest:g",
  strategy: "sum",
  orderId: null,
  agreed: null,
  key: null,
  from,
  to: from + 100,
  caching: null,
  outcome: CONFLICT,
  ...more,
});
const merge = journey(1_000, {});
const checkout = (from: number, owner = "guest:g") =>
  journey(from, { owner, operation: "checkout", guest: null, strategy: null, outcome: UNKNOWN });
const add = (from: number, outcome: Attempt["outcome"], owner = "guest:g"): Attempt => ({
  trace: `${from}`,
  owner,
  operation: "add",
  productId: "mug",
  quantity: 1,
  key: null,
  ifMatch: null,
  from,
  to: from + 100,
  caching: null,
  outcome,
});
const rules = (attempts: Attempt[], ...others: JourneyAttempt[]) =>
  checkConflicts(attempts, [merge, ...others]).map(({ rule }) => rule);

describe("The chaos checker of merges that are refused", () => {
  it("accepts a conflict after or during a checkout of the guest", () => {
    expect(rules([], checkout(100))).to.deep.equal([]);
    expect(rules([], checkout(1_050))).to.deep.equal([]);
  });
  it("accepts a conflict during a checkout of the user, or after one that is not known to have reduced the cart", () => {
    expect(rules([], checkout(100, "user:ann"))).to.deep.equal([]);
    expect(rules([], { ...checkout(100, "user:ann"), outcome: { ...REDUCED, cart: null } })).to.deep.equal(
      [],
    );
    expect(rules([], { ...checkout(950, "user:ann"), outcome: REDUCED })).to.deep.equal([]);
  });
  it("accepts a conflict with whatever is under way for the guest", () => {
    expect(rules([add(950, DONE)])).to.deep.equal([]);
    expect(rules([add(100, UNKNOWN)])).to.deep.equal([]);
    expect(rules([], journey(1_020, { outcome: UNKNOWN }))).to.deep.equal([]);
  });
  it("catches a conflict with nobody", () => {
    expect(rules([add(100, DONE)])).to.deep.equal(["wrong-refusal"]);
    expect(rules([add(950, DONE, "guest:other")], checkout(2_000))).to.deep.equal(["wrong-refusal"]);
    expect(rules([], checkout(100, "user:bob"))).to.deep.equal(["wrong-refusal"]);
    expect(rules([], { ...checkout(100, "user:ann"), outcome: REDUCED })).to.deep.equal(["wrong-refusal"]);
  });
});
