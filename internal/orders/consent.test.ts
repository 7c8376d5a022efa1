import { expect } from "chai";
import fc from "fast-check";
import { type ConsentLine, loweredLines, orderLines, type Product } from "./consent.ts";

const eur = (amount: number) => ({ amount, currency: "EUR" });
const agree = (productId: string, quantity: number, amount: number): ConsentLine => ({
  productId,
  quantity,
  unitPrice: eur(amount),
});
const product = (amount: number, stock = 100): Product => ({ name: "A product", price: eur(amount), stock });
const productsOf = (entries: Record<string, Product>) => new Map(Object.entries(entries));

describe("A shopper's consent", () => {
  const cart = [
    { productId: "a", quantity: 2 },
    { productId: "b", quantity: 1 },
  ];
  const consent = [agree("a", 2, 500), agree("b", 1, 300)];

  it("makes an order of the cart at the prices of now", () => {
    const result = orderLines(cart, consent, productsOf({ a: product(500), b: product(300) }));
    expect(result).to.deep.equal({
      ok: true,
      value: [
        { productId: "a", name: "A product", unitPrice: eur(500), agreedPrice: eur(500), quantity: 2 },
        { productId: "b", name: "A product", unitPrice: eur(300), agreedPrice: eur(300), quantity: 1 },
      ],
    });
  });

  it("covers the cart as it is, and no other: every line that differs is named with both quantities", () => {
    const differing = [agree("b", 2, 300), agree("c", 1, 1)];
    expect(orderLines(cart, differing, new Map())).to.deep.equal({
      ok: false,
      error: {
        code: "CART_CHANGED",
        lines: [
          { productId: "b", was: { quantity: 2 }, now: { quantity: 1 } },
          { productId: "c", was: { quantity: 1 }, now: { quantity: 0 } },
          { productId: "a", was: { quantity: 0 }, now: { quantity: 2 } },
        ],
      },
    });
  });

  it("refuses a line whose price rose even when another's fell by more", () => {
    const result = orderLines(cart, consent, productsOf({ a: product(501), b: product(1) }));
    expect(result).to.deep.equal({
      ok: false,
      error: {
        code: "PRICE_CHANGED",
        lines: [{ productId: "a", was: { unitPrice: eur(500) }, now: { unitPrice: eur(501) } }],
      },
    });
  });

  it("is for its currency", () => {
    const dollars = { ...product(1), price: { amount: 1, currency: "USD" } };
    expect(orderLines(cart, consent, productsOf({ a: dollars, b: product(300) }))).to.deep.equal({
      ok: false,
      error: {
        code: "PRICE_CHANGED",
        lines: [{ productId: "a", was: { unitPrice: eur(500) }, now: { unitPrice: dollars.price } }],
      },
    });
  });

  it("is no consent to less than what was agreed: sold out, fewer and gone are told with what is left", () => {
    const result = orderLines(cart, consent, productsOf({ a: product(500, 1) }));
    expect(result).to.deep.equal({
      ok: false,
      error: {
        code: "OUT_OF_STOCK",
        lines: [
          { productId: "a", was: { quantity: 2 }, now: { stock: 1 } },
          { productId: "b", was: { quantity: 1 }, now: { stock: 0 } },
        ],
      },
    });
  });

  it("lets a lower price through, which is charged and reported", () => {
    const result = orderLines(cart, consent, productsOf({ a: product(450), b: product(300) }));
    if (!result.ok) throw new Error(result.error.code);
    expect(result.value[0]).to.deep.include({ unitPrice: eur(450), agreedPrice: eur(500) });
    expect(loweredLines(result.value)).to.deep.equal([
      { productId: "a", was: { unitPrice: eur(500) }, now: { unitPrice: eur(450) } },
    ]);
  });

  it("adds up a product that is listed several times, at the lowest price agreed to", () => {
    const split = [agree("a", 1, 500), agree("b", 1, 300), agree("a", 1, 499)];
    expect(orderLines(cart, split, productsOf({ a: product(499), b: product(300) })).ok).to.equal(true);
    const risen = orderLines(cart, split, productsOf({ a: product(500), b: product(300) }));
    expect(risen).to.deep.include({ ok: false });
    const short = orderLines(cart, split, productsOf({ a: product(499, 1), b: product(300) }));
    expect(short.ok ? "" : short.error.code).to.equal("OUT_OF_STOCK");
  });

  it("keeps names that a database can hold", () => {
    const named = { ...product(1), name: "a\0b\u0001c\ud800d\te" };
    const result = orderLines(
      [{ productId: "a", quantity: 1 }],
      [agree("a", 1, 1)],
      productsOf({ a: named }),
    );
    expect(result.ok && result.value[0]!.name).to.equal("a b c\ufffdd e");
  });

  it("orders exactly what was agreed to and can be had, and never charges more", () => {
    const wished = fc.record({
      id: fc.constantFrom("a", "b", "c"),
      held: fc.integer({ min: 1, max: 4 }),
      // Agreed to in two pieces, mostly of as many as the cart holds.
      first: fc.integer({ min: 0, max: 4 }),
      more: fc.constantFrom(0, 0, 0, 0, 1),
      agreed: fc.tuple(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 2, max: 5 })),
      price: fc.integer({ min: 0, max: 3 }),
      stock: fc.integer({ min: 0, max: 12 }),
    });
    let ordered = 0;
    fc.assert(
      fc.property(fc.uniqueArray(wished, { selector: ({ id }) => id, minLength: 1 }), (wishes) => {
        const held = wishes.map(({ id, held }) => ({ productId: id, quantity: held }));
        const given = wishes.flatMap(({ id, held, first, more, agreed: [one, other] }) => {
          const piece = Math.min(first, held - 1);
          const rest = agree(id, held - piece + more, other);
          return piece === 0 ? [rest] : [agree(id, piece, one), rest];
        });
        const lowest = (id: string) =>
          Math.min(...given.filter((each) => each.productId === id).map((each) => each.unitPrice.amount));
        const result = orderLines(
          held,
          given,
          productsOf(Object.fromEntries(wishes.map(({ id, price, stock }) => [id, product(price, stock)]))),
        );
        expect(result.ok).to.equal(
          wishes.every(
            ({ id, more, price, stock, held }) => more === 0 && price <= lowest(id) && stock >= held,
          ),
        );
        if (!result.ok) return;
        ordered++;
        expect(result.value.map(({ productId, quantity }) => ({ productId, quantity }))).to.deep.equal(held);
        expect(result.value.map(({ unitPrice }) => unitPrice.amount)).to.deep.equal(
          wishes.map(({ price }) => price),
        );
      }),
    );
    expect(ordered).to.be.greaterThan(0);
  });
});
