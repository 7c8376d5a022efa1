import { setTimeout as delay } from "node:timers/promises";
import { createHttpClient } from "../../testkit/http-client.ts";
import type { CatalogVersion, SeenProduct } from "./check/catalog-seen.ts";
import type { Random } from "./check/operations.ts";
import { seenProduct } from "./seen-product.ts";
import type { Stage } from "./stage.ts";

/** Whoever changes prices and stock while others shop. */
export interface Merchant {
  /** What the catalog was told, what it began with included. */
  readonly versions: readonly CatalogVersion[];
  /** Ids of all products, in the catalog's order. */
  readonly products: readonly string[];
  /** Resolves when the last change is answered. */
  stop(): Promise<void>;
}

/** What is now and then sold out, or nearly so. */
export const SCARCE = "bottle-1l";

/** Those that change: two that no cart has, one with a stock that is always enough, and that one. */
export const CHANGING = ["lamp-head-400", "pole-carbon", "mug-steel", SCARCE];

/** More than all carts together ever have. */
const PLENTY = 800_000;

/** Longer than the catalog may be frozen: a change that is not answered must not be done later. */
const PATIENCE_MS = 60_000;

/** Changes products at the catalog itself, where no gate is in the way, until stopped. */
export async function openMerchant({ catalog }: Stage, random: Random): Promise<Merchant> {
  const client = createHttpClient(catalog.url, 1, PATIENCE_MS);
  const from = Date.now();
  const { text } = await client.call("GET", "/products?limit=100");
  const { items }: { items: readonly SeenProduct[] } = JSON.parse(text);
  const seeds = items.map(seenProduct);
  const versions = seeds.map((product): CatalogVersion => ({ product, by: "seed", from, to: Date.now() }));
  let stopped = false;
  const change = async (before: SeenProduct, stock: number) => {
    const product = { ...before, price: { ...before.price, amount: 1_000 + random(9_000) }, stock };
    const began = Date.now();
    const status = await client
      .call("PATCH", `/admin/products/${product.id}`, {
        authorization: `Bearer ${catalog.adminToken}`,
        body: JSON.stringify({ price: product.price, stock }),
      })
      .then(
        (answer) => answer.status,
        () => null,
      );
    if (status !== null && status !== 200) throw new Error(`the catalog takes no change: ${status}`);
    versions.push({ product, by: status === null ? "lost" : "changed", from: began, to: Date.now() });
  };
  const changing = seeds.filter(({ id }) => CHANGING.includes(id));
  const work = async () => {
    // A stock of its own tells each version from all others, but for what is scarce.
    for (let count = 1; !stopped; count++) {
      const product = changing[random(changing.length)]!;
      const few = product.id === SCARCE && random(3) === 0;
      await change(product, few ? random(4) : PLENTY + count);
      await delay(200 + random(1_000));
    }
  };
  const over = work();
  return {
    versions,
    products: seeds.map(({ id }) => id),
    stop: async () => {
      stopped = true;
      await over;
      client.close();
    },
  };
}
