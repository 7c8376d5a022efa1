import { writeCarts } from "../carts-in-redis.ts";
import { costByPart, type Parts, withCpu } from "../cpu.ts";
import { alternate, type Figure } from "../figure.ts";
import { httpLoad, writeRequests } from "../http-load.ts";
import type { Profile } from "../profile.ts";
import { headersOf, ownerNumber, PRODUCTS, pricesOf } from "../shop.ts";
import { CATALOG, type Stage } from "../stage.ts";

const LINES = 5;

/** More carts than anybody can check out in a second: each is checked out once. */
const CARTS_A_SECOND = 3_000;

/** Checkouts of full carts beside a bare Express app that only writes the same rows in one transaction. */
export async function checkoutScene(stage: Stage, profile: Profile): Promise<Figure[]> {
  // The bare contender speaks PostgreSQL alone.
  if (stage.database.dialect !== "postgres") return [];
  const { rounds, seconds, connections } = profile;
  const products = PRODUCTS.slice(0, LINES);
  const items = pricesOf(products).map((unitPrice, at) => ({
    productId: products[at]!,
    quantity: 1,
    unitPrice,
  }));
  const carts = CARTS_A_SECOND * seconds;

  /** Full carts of owners that nobody has seen, and a request to check each of them out. */
  async function prepare(round: number): Promise<string> {
    const owners = Array.from({ length: carts }, (_, n) => ownerNumber((round + 2) * carts + n));
    await writeCarts(stage.redis.url, owners, products);
    const requests = await Promise.all(
      owners.map(async (owner) => ({
        method: "POST" as const,
        path: "/cart/checkout",
        headers: { ...(await headersOf(stage, owner)), "idempotency-key": owner },
        body: { items },
      })),
    );
    return writeRequests(stage.dir, "checkouts", requests);
  }

  const load = (url: string, parts: Parts) => async (round: number) => {
    const requestFile = await prepare(round);
    const { result, cpu } = await withCpu(parts, () => httpLoad({ url, requestFile, connections, seconds }));
    const { requests, perSecond } = result;
    if (requests > carts) throw new Error(`${requests} checkouts of ${carts} carts: some were repeats`);
    return { requests, perSecond, cpu };
  };
  const catalog = await stage.product("catalog-stub", { CATALOG_SEED: CATALOG });
  const cart = await stage.product("cart", { CATALOG_URL: catalog.url });
  const bare = await stage.contender("bare-checkout", { DATABASE_URL: stage.database.url });
  const own = (pid: number | null) => (pid === null ? [] : [pid]);
  const database = own(stage.database.pid);
  const { a, b } = await alternate(
    Math.min(rounds, 3),
    load(cart.url, { cart: [cart.pid], catalog: [catalog.pid], redis: own(stage.redis.pid), database }),
    load(bare.url, { bare: [bare.pid], database }),
  );
  await Promise.all([cart.kill("SIGTERM"), catalog.kill("SIGTERM"), bare.stop()]);
  return [
    {
      id: "checkout",
      what: "checkout of a cart of 5 lines",
      against: "bare Express + one transaction",
      unit: "requests/s",
      bound: { least: 0.6 },
      note: `ours, ${costByPart(a)}; bare, ${costByPart(b)}`,
      ours: a.map(({ perSecond }) => perSecond),
      baseline: b.map(({ perSecond }) => perSecond),
      details: { connections, seconds, lines: LINES, carts },
    },
  ];
}
