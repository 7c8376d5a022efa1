import type { Money } from "../platform/money/money.ts";
import { err, ok, type Result } from "../platform/result/result.ts";
import type { ConsentError, Difference } from "./errors.ts";
import type { OrderLine } from "./order.ts";

export interface CartLine {
  readonly productId: string;
  readonly quantity: number;
}

/** What the shopper has agreed to buy, and at what price for one. A product may be listed several times. */
export interface ConsentLine extends CartLine {
  readonly unitPrice: Money;
}

/** A product as the catalog describes it now. */
export interface Product {
  readonly name: string;
  readonly price: Money;
  readonly stock: number;
}

/**
 * The lines of the order that a cart becomes: exactly what the shopper agreed to, each at the catalog's price
 * of now, which may be lower than agreed and never higher. `products` has no entry for what is not sold.
 * Refused by the first that applies: the cart differs, a price rose, there is less in stock.
 */
export function orderLines(
  cart: readonly CartLine[],
  consent: readonly ConsentLine[],
  products: ReadonlyMap<string, Product>,
): Result<OrderLine[], ConsentError> {
  const agreed = agreedTo(consent);
  const changed = cartDifferences(cart, agreed);
  if (changed.length > 0) return err({ code: "CART_CHANGED", lines: changed });
  const risen: Difference[] = [];
  const short: Difference[] = [];
  const lines = cart.flatMap(({ productId, quantity }): OrderLine[] => {
    const { unitPrice: was } = agreed.get(productId)!;
    const product = products.get(productId);
    if (product !== undefined && isHigher(product.price, was))
      risen.push({ productId, was: { unitPrice: was }, now: { unitPrice: product.price } });
    const stock = product?.stock ?? 0;
    if (stock < quantity) short.push({ productId, was: { quantity }, now: { stock } });
    if (product === undefined) return [];
    return [
      { productId, name: storable(product.name), unitPrice: product.price, agreedPrice: was, quantity },
    ];
  });
  if (risen.length > 0) return err({ code: "PRICE_CHANGED", lines: risen });
  return short.length > 0 ? err({ code: "OUT_OF_STOCK", lines: short }) : ok(lines);
}

/** The lines that are charged at less than was agreed to. */
export function loweredLines(lines: readonly OrderLine[]): Difference[] {
  return lines
    .filter((line) => line.unitPrice.amount < line.agreedPrice.amount)
    .map(({ productId, agreedPrice, unitPrice }) => ({
      productId,
      was: { unitPrice: agreedPrice },
      now: { unitPrice },
    }));
}

/** By product: quantities add up, and of several prices the lowest is the one that all agree to. */
function agreedTo(consent: readonly ConsentLine[]): ReadonlyMap<string, ConsentLine> {
  const agreed = new Map<string, ConsentLine>();
  for (const line of consent) {
    const before = agreed.get(line.productId);
    if (before === undefined) agreed.set(line.productId, line);
    else {
      const quantity = before.quantity + line.quantity;
      const unitPrice = isHigher(line.unitPrice, before.unitPrice) ? before.unitPrice : line.unitPrice;
      agreed.set(line.productId, { ...line, quantity, unitPrice });
    }
  }
  return agreed;
}

function cartDifferences(cart: readonly CartLine[], agreed: ReadonlyMap<string, ConsentLine>): Difference[] {
  const held = new Map(cart.map((line) => [line.productId, line.quantity]));
  const ids = new Set([...agreed.keys(), ...held.keys()]);
  return [...ids].flatMap((productId) => {
    const [was, now] = [agreed.get(productId)?.quantity ?? 0, held.get(productId) ?? 0];
    return was === now ? [] : [{ productId, was: { quantity: was }, now: { quantity: now } }];
  });
}

/** A price of another currency is none that was agreed to. */
function isHigher(price: Money, agreed: Money): boolean {
  return price.currency !== agreed.currency || price.amount > agreed.amount;
}

/** A name as both databases keep it: well formed, without control characters. */
function storable(name: string): string {
  return name.toWellFormed().replaceAll(/\p{Cc}/gu, " ");
}
