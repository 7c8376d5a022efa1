import { expect } from "chai";
import { validate } from "../platform/http/json-body.ts";
import { unwrap } from "../platform/result/result.ts";
import { matches, readPreconditions, readProductId } from "./input.ts";
import { add } from "./operations/add.ts";
import { set } from "./operations/set.ts";

const fieldOf = (result: { ok: boolean; error?: { errors?: readonly { field: string }[] } }) =>
  result.ok ? "accepted" : result.error?.errors?.[0]?.field;

describe("The cart's input", () => {
  const wrongQuantities = [0, -1, 1.5, "2", 2 ** 53, 1e308, null, true, [1], {}];
  for (const quantity of wrongQuantities) {
    it(`refuses the quantity ${JSON.stringify(quantity)}`, () => {
      expect(fieldOf(validate(add.body!, { productId: "p", quantity }))).to.equal("quantity");
    });
  }

  it("says what it got instead of a number", () => {
    for (const [quantity, what] of [
      ["2", "text"],
      [null, "null"],
      [true, "true"],
      [[], "a list"],
      [{}, "an object"],
    ] as const) {
      const result = validate(add.body!, { productId: "p", quantity });
      expect(result.ok || result.error.errors?.[0]?.message).to.equal(`must be a whole number, not ${what}`);
    }
  });

  const wrongIds = [
    "",
    "a:b",
    "@v",
    "{x}",
    "a\nb",
    "a\0b",
    "😀",
    "ä",
    "a b",
    "a/b",
    "x".repeat(65),
    "x".repeat(10_240),
    7,
    null,
  ];
  for (const productId of wrongIds) {
    it(`refuses the product id ${JSON.stringify(productId).slice(0, 30)}`, () => {
      expect(fieldOf(validate(add.body!, { productId, quantity: 1 }))).to.equal("productId");
      expect(fieldOf(readProductId(productId))).to.equal("productId");
    });
  }

  it("names an unknown field, a missing one, and a body that is no object", () => {
    expect(fieldOf(validate(add.body!, { productId: "p", quantity: 1, price: 1 }))).to.equal("price");
    expect(fieldOf(validate(add.body!, { productId: "p" }))).to.equal("quantity");
    expect(
      fieldOf(validate(add.body!, JSON.parse('{"productId":"p","quantity":1,"__proto__":{}}'))),
    ).to.equal("__proto__");
    for (const body of [null, [], "x", 3]) expect(fieldOf(validate(add.body!, body))).to.equal("body");
  });

  it("takes 0 where a quantity is set, not where it is added", () => {
    expect(validate(set.body!, { quantity: 0 }).ok).to.equal(true);
    expect(validate(add.body!, { productId: "p", quantity: 0 }).ok).to.equal(false);
  });

  it("reads If-Match as RFC 9110 writes it", () => {
    const ifMatch = (value: string) => unwrap(readPreconditions({ "if-match": value })).ifMatch;
    expect(ifMatch('"3"')).to.deep.equal([3]);
    expect(ifMatch(' "3" , "4"')).to.deep.equal([3, 4]);
    expect(ifMatch(',"3",, "4",'), "empty members are none").to.deep.equal([3, 4]);
    expect(ifMatch("*")).to.equal("*");
    expect(ifMatch('W/"3"'), "a weak tag never matches strongly").to.deep.equal([]);
    expect(ifMatch('"other"'), "a tag of somebody else").to.deep.equal([]);
    expect(unwrap(readPreconditions({})).ifMatch).to.equal(null);
  });

  for (const value of ["3", '"3', "", ",", '"a"b"', "x".repeat(2_000), '"3" "4"']) {
    it(`refuses If-Match: ${value.slice(0, 20)}`, () => {
      expect(fieldOf(readPreconditions({ "if-match": value }))).to.equal("If-Match");
    });
  }

  it("reads If-None-Match likewise, but compares weakly", () => {
    const read = (value: string) => unwrap(readPreconditions({ "if-none-match": value })).ifNoneMatch;
    expect(read('"3", W/"4",')).to.deep.equal([3, 4]);
    expect(read("*")).to.equal("*");
    expect(unwrap(readPreconditions({})).ifNoneMatch).to.equal(null);
    expect(fieldOf(readPreconditions({ "if-none-match": "3" }))).to.equal("If-None-Match");
  });

  it("takes * for any cart, and a cart at version 0 for none", () => {
    expect([matches("*", 1), matches("*", 0), matches([0, 2], 0), matches([2], 1)]).to.deep.equal([
      true,
      false,
      true,
      false,
    ]);
  });

  it("bounds the idempotency key", () => {
    for (const key of ["", "a b", "x".repeat(256), "ä", '"open', '""', '"a"b']) {
      expect(fieldOf(readPreconditions({ "idempotency-key": key }))).to.equal("Idempotency-Key");
    }
    const keyOf = (key: string) => unwrap(readPreconditions({ "idempotency-key": key })).idempotencyKey;
    expect(keyOf("k-1")).to.equal("k-1");
    expect(keyOf('"k-1"'), "quoted it is the same key").to.equal("k-1");
    expect(keyOf('"a b\\"c"')).to.equal('a b"c');
    expect(keyOf("x".repeat(255))).to.have.length(255);
  });

  it("takes the idempotency key without the parameters that a structured field may have", () => {
    const keyOf = (key: string) => unwrap(readPreconditions({ "idempotency-key": key })).idempotencyKey;
    for (const parameters of [
      ";a",
      ";a=1",
      ";  a=1;b;*c-d.e_2=-1.5",
      ';a="x;\\"y\\\\"',
      ';a=:YQ==:;b=?0;c=@-1;d=tok/en:*;e=%"f%c3%bc"',
    ])
      expect(keyOf(`"k"${parameters}`), parameters).to.equal("k");
    for (const malformed of [
      ";",
      ";A=1",
      ";a=",
      ";a= 1",
      ";a =1",
      " ;a=1",
      ';a="open',
      ";a=?2",
      ',"l"',
      ";a=ä",
    ])
      expect(fieldOf(readPreconditions({ "idempotency-key": `"k"${malformed}` })), malformed).to.equal(
        "Idempotency-Key",
      );
    expect(keyOf("k;a=1"), "bare, all of it is the key").to.equal("k;a=1");
    expect(keyOf(`"${"x".repeat(255)}";a=${"y".repeat(9_000)}`), "only the key is bounded").to.have.length(
      255,
    );
  });

  it("passes a well-formed traceparent on and forgets another", () => {
    const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
    expect(unwrap(readPreconditions({ traceparent })).traceparent).to.equal(traceparent);
    expect(unwrap(readPreconditions({ traceparent: "junk" })).traceparent).to.equal(null);
  });
});
