import { join } from "node:path";
import { userToken } from "../../testkit/processes/dev-keys.ts";
import type { Running } from "../../testkit/processes/platform.ts";
import { type Cost, type Parts, withCpu } from "./cpu.ts";
import { allPublished } from "./events.ts";
import { httpLoad, type Request } from "./http-load.ts";
import { PRODUCTS } from "./shop.ts";
import type { Stage } from "./stage.ts";

/** Connections of a load through the gateway, each with one request under way. */
export const CONNECTIONS = 32;

/** Limits that no load of the bench comes to: what counting costs is part of the path. */
export const COUNTED_LIMITS = { RATE_LIMIT_OWNER: "1000000/60", RATE_LIMIT_ADDRESS: "1000000/60" };

/** The platform whole, as a shopper meets it: gateway, cart, relay and all their servers. */
export interface FullPath {
  readonly url: string;
  readonly carts: readonly Running[];
  readonly parts: Parts;
  stop(): Promise<void>;
}

/** Starts relay, `replicas` of the cart and a gateway before them on the servers of the stage. */
export async function openFullPath(
  stage: Stage,
  { replicas = 1, settings = {} }: { replicas?: number; settings?: NodeJS.ProcessEnv } = {},
): Promise<FullPath> {
  const carts: Running[] = [];
  while (carts.length < replicas) carts.push(await stage.product("cart", settings));
  const relay = await stage.product("outbox-relay");
  const gateway = await stage.product("gateway", {
    CART_URL: carts.map(({ url }) => url).join(","),
    ...COUNTED_LIMITS,
  });
  const own = (pid: number | null) => (pid === null ? [] : [pid]);
  return {
    url: gateway.url,
    carts,
    parts: {
      gateway: [gateway.pid],
      cart: carts.map(({ pid }) => pid),
      relay: [relay.pid],
      redis: own(stage.redis.pid),
      database: own(stage.database.pid),
      broker: own(stage.rabbit.pid),
    },
    stop: async () => {
      await gateway.kill("SIGTERM");
      await Promise.all([...carts, relay].map((each) => each.kill("SIGTERM")));
    },
  };
}

/** Users as a shop has them, each with a token of the shop's own signer. */
export function shopperTokens(stage: Stage, count: number): Promise<string[]> {
  const keys = join(stage.dir, "keys");
  return Promise.all(Array.from({ length: count }, (_, n) => userToken(keys, `shopper-${n}`)));
}

/** Adds of one piece each through the gateway: `lines` products for each user, the user changing fastest. */
export function addsThroughGateway(tokens: readonly string[], lines: number): Request[] {
  return PRODUCTS.slice(0, lines).flatMap((productId) =>
    tokens.map((token) => ({
      method: "POST" as const,
      path: "/api/cart/items",
      headers: { authorization: `Bearer ${token}` },
      body: { productId, quantity: 1 },
    })),
  );
}

/** What a round of load came to, and what it cost. */
export interface CostedLoad extends Cost {
  readonly perSecond: number;
}

/** Loads the path; its cost is taken when the last event is published, for that is part of an add. */
export async function costedLoad(
  stage: Stage,
  parts: Parts,
  options: { url: string; requestFile: string; seconds: number; connections?: number },
): Promise<CostedLoad> {
  const { result, cpu } = await withCpu(parts, async () => {
    const loaded = await httpLoad({ connections: CONNECTIONS, ...options });
    await allPublished(stage);
    return loaded;
  });
  return { requests: result.requests, perSecond: result.perSecond, cpu };
}
