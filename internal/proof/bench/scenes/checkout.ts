import { writeCarts } from "../carts-in-redis.ts";
import { alternate, type Figure } from "../figure.ts";
import { httpLoad, writeRequests } from "../http-load.ts";
import type { Profile } from "../profile.ts";
import { headersOf, ownerNumber, PRODUCTS, pricesOf } from "../shop.ts";
import type { Stage } from "../stage.ts";

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

  const load = (url: string) => async (round: number) => {
    const requestFile = await prepare(round);
    const { requests, perSecond } = await httpLoad({ url, requestFile, connections, seconds });
    if (requests > carts) throw new Error(`${requests} checkouts of ${carts} carts: some were repeats`);
    return perSecond;
  };
  const cart = await stage.product("cart");
  const bare = await stage.contender("bare-checkout", { DATABASE_URL: stage.database.url });
  const { a, b } = await alternate(Math.min(rounds, 3), load(cart.url), load(bare.url));
  await cart.kill("SIGTERM");
  await bare.stop();
  return [
    {
      id: "checkout",
      what: "checkout of a cart of 5 lines",
      against: "bare Express + one transaction",
      unit: "requests/s",
      bound: { least: 0.6 },
      ours: a,
      baseline: b,
      details: { connections, seconds, lines: LINES, carts },
    },
  ];
}
