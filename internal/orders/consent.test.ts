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
    expect(orderLines(cart, consent, productsOf({ a: dollars, b: product(300) }))).to.deep.include({
      ok: false,
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

  it("never charges more than was agreed to, nor another quantity than the cart's", () => {
    const amounts = fc.integer({ min: 0, max: 5 });
    const quantities = fc.integer({ min: 1, max: 3 });
    const ids = fc.constantFrom("a", "b", "c");
    const anyProduct = fc.record({ amount: amounts, stock: amounts });
    fc.assert(
      fc.property(
        fc.dictionary(ids, quantities),
        fc.array(fc.record({ id: ids, quantity: quantities, amount: amounts }), { maxLength: 4 }),
        fc.dictionary(ids, anyProduct),
        (held, agreed, catalog) => {
          const lines = Object.entries(held).map(([productId, quantity]) => ({ productId, quantity }));
          const given = agreed.map(({ id, quantity, amount }) => agree(id, quantity, amount));
          const products = Object.entries(catalog).map(
            ([id, { amount, stock }]) => [id, product(amount, stock)] as const,
          );
          const result = orderLines(lines, given, new Map(products));
          if (!result.ok) return;
          expect(result.value.map(({ productId, quantity }) => ({ productId, quantity }))).to.deep.equal(
            lines,
          );
          for (const line of result.value) {
            const mine = given.filter((each) => each.productId === line.productId);
            for (const each of mine) expect(line.unitPrice.amount).to.be.at.most(each.unitPrice.amount);
            expect(mine.reduce((sum, each) => sum + each.quantity, 0)).to.equal(line.quantity);
            expect(catalog[line.productId]!.stock).to.be.at.least(line.quantity);
          }
        },
      ),
    );
  });
});
