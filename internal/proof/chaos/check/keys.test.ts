import { expect } from "chai";
import type { Attempt, JourneyAttempt } from "./history.ts";
import { checkKeys } from "./keys.ts";

const DONE = { kind: "done", replayed: false, cart: { cartId: "c", version: 1, items: [] } } as const;
const UNKNOWN = { kind: "unknown", reason: "no answer" } as const;
const refused = (code: string, status = 422) => ({ kind: "refused", status, code }) as const;
const REUSED = refused("IDEMPOTENCY_KEY_REUSED");

const add = (from: number, quantity: number, outcome: Attempt["outcome"], key = "k"): Attempt => ({
  trace: `${from}`,
  owner: "user:ann",
  operation: "add",
  productId: "mug",
  quantity,
  key,
  ifMatch: null,
  from,
  to: from + 10,
  caching: null,
  outcome,
});
const checkout = (from: number, quantity: number, isDone: boolean): JourneyAttempt => ({
  trace: `${from}`,
  owner: "user:ann",
  operation: "checkout",
  guest: null,
  strategy: null,
  orderId: null,
  agreed: [{ productId: "mug", quantity, unitPrice: { amount: 1, currency: "EUR" } }],
  key: "k",
  from,
  to: from + 10,
  caching: null,
  outcome: isDone ? { kind: "done", replayed: false, cart: null, report: [], order: null } : REUSED,
});
const rules = (...attempts: Attempt[]) => checkKeys(attempts, []).map(({ rule }) => rule);

describe("The chaos checker of keys", () => {
  it("accepts a repeat, and another body that is refused", () => {
    expect(rules(add(0, 1, DONE), add(20, 1, { ...DONE, replayed: true }), add(40, 2, REUSED))).to.deep.equal(
      [],
    );
  });
  it("accepts another body under a key whose use is not known, done or refused", () => {
    expect(rules(add(0, 1, UNKNOWN), add(20, 2, DONE))).to.deep.equal([]);
    expect(rules(add(0, 1, UNKNOWN), add(20, 2, REUSED))).to.deep.equal([]);
  });
  it("accepts one of two at the same time", () => {
    expect(rules(add(0, 1, DONE), add(5, 2, REUSED))).to.deep.equal([]);
    expect(rules(add(0, 1, REUSED), add(5, 2, DONE))).to.deep.equal([]);
  });
  it("catches another body that was answered under a used key, or refused for something else", () => {
    expect(rules(add(0, 1, DONE), add(20, 2, { ...DONE, replayed: true }))).to.deep.equal(["key-reused"]);
    expect(rules(add(0, 1, DONE), add(20, 2, DONE))).to.deep.equal(["key-reused"]);
    expect(rules(add(0, 1, DONE), add(20, 2, refused("OUT_OF_STOCK", 409)))).to.deep.equal(["key-reused"]);
  });
  it("catches a key that was refused and not used, or only later", () => {
    expect(rules(add(0, 1, REUSED))).to.deep.equal(["wrong-refusal"]);
    expect(rules(add(0, 1, DONE), add(20, 1, REUSED))).to.deep.equal(["wrong-refusal"]);
    expect(rules(add(0, 1, REUSED), add(20, 2, DONE))).to.deep.equal(["wrong-refusal"]);
    expect(rules(add(0, 1, DONE), add(20, 2, REUSED, "another"))).to.deep.equal(["wrong-refusal"]);
  });
  it("catches a checkout with another consent that got the order of the first", () => {
    expect(checkKeys([], [checkout(0, 1, true), checkout(20, 2, false)])).to.deep.equal([]);
    const found = checkKeys([], [checkout(0, 1, true), checkout(20, 2, true)]);
    expect(found.map(({ rule }) => rule)).to.deep.equal(["key-reused"]);
  });
});
