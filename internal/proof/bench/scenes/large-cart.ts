import { writeCarts } from "../carts-in-redis.ts";
import { alternate, type Figure } from "../figure.ts";
import { writeRequests } from "../http-load.ts";
import { medianLatency } from "../one-at-a-time.ts";
import type { Profile } from "../profile.ts";
import { adds, PRODUCTS } from "../shop.ts";
import type { Stage } from "../stage.ts";

/** How one add feels in a cart of many lines. */
export async function largeCart(stage: Stage, profile: Profile): Promise<Figure> {
  const owners = (kind: string) => Array.from({ length: 200 }, (_, n) => `user:${kind}-${n}`);
  await writeCarts(stage.redis.url, owners("large"), PRODUCTS.slice(0, 100));
  await writeCarts(stage.redis.url, owners("small"), PRODUCTS.slice(0, 1));
  const cart = await stage.product("cart", { CART_TTL_SECONDS: "21600" });
  const one = async (kind: string) => {
    const requestFile = writeRequests(stage.dir, kind, await adds(stage, owners(kind), 1));
    return () => medianLatency(cart.url, requestFile, profile);
  };
  const { a, b } = await alternate(profile.rounds, await one("large"), await one("small"));
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
