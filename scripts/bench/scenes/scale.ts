import { Redis } from "ioredis";
import { shardKeys } from "../../../internal/cart/keys.ts";
import { createRedisCartStore } from "../../../internal/cart/store.redis.ts";
import { createLogger } from "../../../internal/platform/logger/logger.ts";
import { awaitRedis, closeRedis, connectRedis } from "../../../internal/platform/redis/redis.ts";
import { parseRedisUrl } from "../../../internal/platform/redis/redis-url.ts";
import { ownRedis } from "../../../internal/testkit/servers.ts";
import { usedBytes, writeCarts } from "../carts-in-redis.ts";
import { alternate, type Figure } from "../figure.ts";
import { httpLoad, writeRequests } from "../http-load.ts";
import type { Profile } from "../profile.ts";
import { adds, ownerNumber, PRODUCTS } from "../shop.ts";
import { pinFamily, type Stage } from "../stage.ts";

const TTL = { CART_TTL_SECONDS: "21600" };

/** How one add feels in a large cart and in a full store, and what a cart takes in Redis. */
export async function scaleScene(stage: Stage, profile: Profile): Promise<Figure[]> {
  return [await largeCart(stage, profile), await manyCarts(stage, profile), await bytesPerCart(profile)];
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
  await writeCarts(full.url, numbered(profile.liveCarts, 1), PRODUCTS.slice(0, 5));
  await writeCarts(empty.url, numbered(asked, every), PRODUCTS.slice(0, 5));
  const crowded = await stage.product("cart", TTL, { redisUrl: full.url });
  const quiet = await stage.product("cart", TTL, { redisUrl: empty.url });
  const owners = [...numbered(asked, every)];
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

function* numbered(count: number, step: number): Generator<string> {
  for (let n = 0; n < count; n++) yield ownerNumber(n * step);
}

async function bytesPerCart({ measuredCarts }: Profile): Promise<Figure> {
  const owners = [...numbered(measuredCarts, 1)];
  const products = PRODUCTS.slice(0, 5);
  const ours = await bytesAfter(measuredCarts, (url) => addThroughStore(url, owners, products));
  const bare = await bytesAfter(measuredCarts, async (url) => {
    const redis = new Redis(url);
    const lines = Object.fromEntries(products.map((product) => [product, "1"]));
    for (let at = 0; at < owners.length; at += 1_000) {
      const pipeline = redis.pipeline();
      for (const owner of owners.slice(at, at + 1_000)) pipeline.hset(`cart:${owner}`, lines);
      await pipeline.exec();
    }
    redis.disconnect();
  });
  return {
    id: "bytes",
    what: "Redis bytes per 5-line cart, index and all",
    against: "a bare hash of the same lines",
    unit: "bytes",
    bound: { most: 1.7 },
    ours: [ours],
    baseline: [bare],
    details: { carts: measuredCarts, owner: owners.at(-1) },
  };
}

async function bytesAfter(carts: number, fill: (url: string) => Promise<void>): Promise<number> {
  const server = await ownRedis();
  const redis = new Redis(server.url);
  const before = await usedBytes(redis);
  await fill(server.url);
  const bytes = ((await usedBytes(redis)) - before) / carts;
  redis.disconnect();
  await server.stop();
  return bytes;
}

/** Fills carts through the product's own scripts, and takes their events away as the forwarder does. */
async function addThroughStore(url: string, owners: readonly string[], products: readonly string[]) {
  const log = createLogger("bench", "error");
  const redis = connectRedis(parseRedisUrl(url)!, { log, commandTimeoutMs: 10_000 });
  await awaitRedis(redis, 5_000);
  const limits = { maxLines: 100, maxQuantity: 999 };
  const store = createRedisCartStore({
    redis,
    shards: 64,
    ttlMs: 3_600_000,
    graceMs: 3_600_000,
    limits,
    log,
  });
  const preconditions = { ifMatch: null, idempotencyKey: null, traceparent: null };
  for (const productId of products) {
    for (let at = 0; at < owners.length; at += 500) {
      const added = await Promise.all(
        owners
          .slice(at, at + 500)
          .map((owner) =>
            store.apply(owner, { op: "add", productId, quantity: 1, stock: 1_000 }, preconditions),
          ),
      );
      if (added.some((result) => !result.ok)) throw new Error("an add was refused");
    }
  }
  for (let shard = 0; shard < 64; shard++) await redis.xtrim(shardKeys.stream(shard), "MAXLEN", 0);
  await closeRedis(redis);
}
