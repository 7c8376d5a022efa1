import { expect } from "chai";
import { requestOf } from "./request-hash.ts";

const base = { owner: "user:a", method: "POST", path: "/cart/checkout", key: "k", body: { a: 1, b: [1, 2] } };

describe("A remembered request", () => {
  it("is the same when its body is the same JSON value, however it is spelled", () => {
    expect(requestOf({ ...base, body: JSON.parse('{ "b": [1.0, 2], "a": 1 }') })).to.deep.equal(
      requestOf(base),
    );
  });

  it("is another when the body differs in anything", () => {
    const { hash } = requestOf(base);
    for (const body of [null, {}, { a: 1, b: [2, 1] }, { a: "1", b: [1, 2] }, { a: 1, b: [1, 2], c: null }])
      expect(requestOf({ ...base, body }).hash).to.not.equal(hash);
  });

  it("has no body in common with one that only looks like it when written out", () => {
    const tricky = { object: [["a", 1]] };
    expect(requestOf({ ...base, body: { a: 1 } }).hash).to.not.equal(
      requestOf({ ...base, body: tricky }).hash,
    );
  });

  it("belongs to its owner, method, path and key, whatever they hold", () => {
    const ids = [
      base,
      { ...base, owner: "user:b" },
      { ...base, method: "PUT" },
      { ...base, path: "/orders/1/cancel" },
      { ...base, key: "K" },
      { ...base, key: "k " },
      { ...base, path: '/cart/checkout","k', key: "" },
    ].map((parts) => requestOf(parts).id);
    expect(new Set(ids).size).to.equal(ids.length);
    for (const id of ids) expect(id).to.match(/^[0-9a-f]{64}$/);
  });
});
