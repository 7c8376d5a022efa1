import type { CatalogVersion, SeenProduct } from "./catalog-seen.ts";
import type { Fault } from "./history.ts";

/** Epoch ms. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What the catalog may have sold, and when. */
export interface Sold {
  readonly ids: ReadonlySet<string>;
  /** By {@link productText}: when the product may have been so. */
  readonly spans: ReadonlyMap<string, readonly Span[]>;
  /** By id: what the product may have been, and when. */
  readonly states: ReadonlyMap<string, readonly { readonly product: SeenProduct; readonly span: Span }[]>;
}

/** What a product may have been between two moments. */
export const statesIn = ({ states }: Sold, productId: string, from: number, to: number): SeenProduct[] =>
  (states.get(productId) ?? [])
    .filter(({ span }) => span.from <= to && span.to >= from)
    .map(({ product }) => product);

/** The catalog begins anew, with what it began with at first. */
const RESTARTS = ["catalog killed -9", "catalog restarted"];

/** As wide as the changes and restarts leave it open. */
export function soldBy(versions: readonly CatalogVersion[], faults: readonly Fault[]): Sold {
  const restarts = faults.filter(({ kind }) => RESTARTS.includes(kind));
  const all: { text: string; product: SeenProduct; span: Span }[] = [];
  for (const of of Map.groupBy(versions, ({ product }) => product.id).values()) {
    const endOf = firstEnd([...of.filter(({ by }) => by === "changed"), ...restarts]);
    for (const { product, by, from, to } of of) {
      const text = productText(product);
      all.push({ text, product, span: { from, to: endOf(to) } });
      if (by !== "seed") continue;
      for (const restart of restarts)
        all.push({ text, product, span: { from: restart.from, to: endOf(restart.to) } });
    }
  }
  const spans = Map.groupBy(all, ({ text }) => text);
  return {
    ids: new Set(versions.map(({ product }) => product.id)),
    spans: new Map([...spans].map(([text, of]) => [text, of.map(({ span }) => span)])),
    states: Map.groupBy(all, ({ product }) => product.id),
  };
}

/** By when one of those that begin after a moment has certainly happened. */
function firstEnd(of: readonly Span[]): (since: number) => number {
  const inOrder = of.toSorted((a, b) => a.from - b.from);
  const ends = inOrder.map(({ to }) => to);
  for (let at = ends.length - 2; at >= 0; at--) ends[at] = Math.min(ends[at]!, ends[at + 1]!);
  return (since) => ends[inOrder.findIndex(({ from }) => from > since)] ?? Number.POSITIVE_INFINITY;
}

/** The same for the same product in the same state. */
export const productText = ({ id, name, price, stock }: SeenProduct) =>
  `${stock} ${id} "${name}" at ${price.amount} ${price.currency}`;
