import { ownRedis } from "../../../testkit/servers/test-servers.ts";
import { writeCarts } from "../carts-in-redis.ts";
import { alternate, type Figure } from "../figure.ts";
import { httpLoad, writeRequests } from "../http-load.ts";
import type { Profile } from "../profile.ts";
import { adds, numberedOwners, PRODUCTS } from "../shop.ts";
import { pinFamily, type Stage } from "../stage.ts";

const TTL = { CART_TTL_SECONDS: "21600" };

/** How one add feels in a large cart and in a full store. */
export async function scaleScene(stage: Stage, profile: Profile): Promise<Figure[]> {
  return [await largeCart(stage, profile), await manyCarts(stage, profile)];
}

async function largeCart(stage: Stage, profile: Profile): Promise<Figure> {
  const owners = (kind: string) => Array.from({ length: 200 }, (_, n) => `user:${kind}-${n}`);
  await writeCarts(stage.redis.url, owners("large"), PRODUCTS.slice(0, 100));
  await writeCarts(stage.redis.url, owners("small"), PRODUCTS.slice(0, 1));
  const cart = await stage.product("cart", TTL);
  const one = async (kind: string) => oneAtATime(stage, cart.url, owners(kind), kind, profile);
  const [large, small] = [await one("large"), await one("small")];
  const { a, b } = await alternate(profile.rounds, large, small);
  await cart.kill("SIGTERM");
  return {
    id: "large-cart",
    what: "one add in a cart of 100 lines, median",
    against: "in a cart of 1 line",
    unit: "us",
    bound: { most: 1.5 },
    ours: a,
    baseline: b,
    details: { connections: 1 },
  };
}

async function manyCarts(stage: Stage, profile: Profile): Promise<Figure> {
  const full = await ownRedis();
  const empty = await ownRedis();
  for (const { pid } of [full, empty]) pinFamily(pid);
  const asked = 1_000;
  const every = profile.liveCarts / asked;
  await writeCarts(full.url, numberedOwners(profile.liveCarts, 1), PRODUCTS.slice(0, 5));
  await writeCarts(empty.url, numberedOwners(asked, every), PRODUCTS.slice(0, 5));
  const crowded = await stage.product("cart", TTL, { redisUrl: full.url });
  const quiet = await stage.product("cart", TTL, { redisUrl: empty.url });
  const owners = [...numberedOwners(asked, every)];
  const { a, b } = await alternate(
    profile.rounds,
    await oneAtATime(stage, crowded.url, owners, "crowded", profile),
    await oneAtATime(stage, quiet.url, owners, "quiet", profile),
  );
  await Promise.all([crowded.kill("SIGTERM"), quiet.kill("SIGTERM")]);
  await Promise.all([full.stop(), empty.stop()]);
  return {
    id: "live-carts",
    what: `one add with ${profile.liveCarts} live carts, median`,
    against: `with ${asked}`,
    unit: "us",
    bound: { most: 1.1 },
    ours: a,
    baseline: b,
    details: { connections: 1, liveCarts: profile.liveCarts },
  };
}

/** Prepares a load of one request after the other; each call resolves with the median latency in us. */
async function oneAtATime(
  stage: Stage,
  url: string,
  owners: readonly string[],
  name: string,
  profile: Profile,
) {
  const requestFile = writeRequests(stage.dir, name, await adds(stage, owners, 1));
  return async () =>
    (await httpLoad({ url, requestFile, connections: 1, seconds: Math.max(2, profile.seconds / 2) })).p50;
}
