import { IDENTITY_HEADER } from "../../../platform/identity/internal-token.ts";
import { writeCarts } from "../carts-in-redis.ts";
import { alternate, type Figure } from "../figure.ts";
import { httpLoad, writeRequests } from "../http-load.ts";
import type { Profile } from "../profile.ts";
import { adds, headersOf, ownerNumber, PRODUCTS } from "../shop.ts";
import type { Stage } from "../stage.ts";

const LINES = 5;
const ADDERS = Array.from({ length: 2_000 }, (_, n) => ownerNumber(n));

/** More pairs of carts than anybody can merge in a second: a repeat would only be given its outcome. */
const PAIRS_A_SECOND = 3_000;

/** Merges of a guest's cart into a user's beside the cart service's own adds, of which two count as one. */
export async function mergeScene(stage: Stage, profile: Profile): Promise<Figure[]> {
  const { rounds, seconds, connections } = profile;
  const pairs = PAIRS_A_SECOND * seconds;
  const addFile = writeRequests(stage.dir, "adds-beside-merges", await adds(stage, ADDERS, LINES));

  /** Users and guests that nobody has seen, each with a cart, and a request to merge each guest's. */
  async function prepare(round: number): Promise<string> {
    const first = (round + 2) * pairs;
    const users = Array.from({ length: pairs }, (_, n) => ownerNumber(first + n));
    const guestOf = (user: string) => user.replace("user:", "guest:");
    await writeCarts(stage.redis.url, users, PRODUCTS.slice(0, LINES));
    // Some products are in both carts.
    await writeCarts(stage.redis.url, users.map(guestOf), PRODUCTS.slice(2, 2 + LINES));
    const requests = await Promise.all(
      users.map(async (user) => ({
        method: "POST" as const,
        path: "/cart/merge",
        headers: {
          ...(await headersOf(stage, user)),
          [IDENTITY_HEADER]: await stage.identity(user, guestOf(user)),
        },
        // The gateway has read the token; the cart service goes by the guest that the gateway vouches for.
        body: { guestToken: "read-by-the-gateway", strategy: "sum" },
      })),
    );
    return writeRequests(stage.dir, "merges", requests);
  }

  const cart = await stage.product("cart");
  async function merges(round: number): Promise<number> {
    const requestFile = await prepare(round);
    const { requests, perSecond } = await httpLoad({ url: cart.url, requestFile, connections, seconds });
    if (requests > pairs) throw new Error(`${requests} merges of ${pairs} pairs: some were repeats`);
    return perSecond;
  }
  async function pairsOfAdds(): Promise<number> {
    const { perSecond } = await httpLoad({ url: cart.url, requestFile: addFile, connections, seconds });
    return perSecond / 2;
  }
  const { a, b } = await alternate(Math.min(rounds, 3), merges, pairsOfAdds);
  await cart.kill("SIGTERM");
  return [
    {
      id: "merge",
      what: "merge of two carts of 5 lines",
      against: "two adds of the same service",
      unit: "requests/s",
      bound: { least: 0.5 },
      ours: a,
      baseline: b,
      details: { connections, seconds, lines: LINES, pairs },
    },
  ];
}
