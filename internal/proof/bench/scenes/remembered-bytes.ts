import { createRedisMergeStore } from "../../../cart/merge/merge-store.redis.ts";
import { IDEMPOTENCY_KEEP, MERGES_KEEP, shardKeys } from "../../../cart/store/keys.ts";
import { shardOf } from "../../../platform/identity/shard-of.ts";
import { closeRedis, type RedisConnection } from "../../../platform/redis/redis.ts";
import { unwrap } from "../../../platform/result/result.ts";
import { ownRedis } from "../../../testkit/servers/test-servers.ts";
import { openCarts, SHARDS } from "../carts-in-redis.ts";
import type { Figure } from "../figure.ts";
import { PRODUCTS } from "../shop.ts";

const LINES = 100;
/** The longest that a client may send. */
const [LONGEST_ID, LONGEST_KEY] = [64, 255];

/**
 * What is remembered of requests with an Idempotency-Key on carts of 100 lines: an outcome beside the same as
 * text, and the most that one owner can have beside such a cart. Each is of one owner on a Redis of its own.
 */
export async function bytesRemembered(): Promise<Figure[]> {
  const usual = await rememberedBy("user:usual", PRODUCTS.slice(0, LINES), (n) => `request-${n}`);
  const most = await rememberedBy(
    `user:${"x".repeat(128)}`,
    PRODUCTS.slice(0, LINES).map((product) => product.padEnd(LONGEST_ID, "x")),
    (n) => String(n).padEnd(LONGEST_KEY, "x"),
  );
  return [
    {
      id: "bytes-outcome",
      what: "Redis bytes of a remembered outcome",
      against: "its event's data, a cart of 100 lines",
      unit: "bytes",
      bound: { most: 0.8 },
      ours: [usual.changes / IDEMPOTENCY_KEEP],
      baseline: [usual.asText / IDEMPOTENCY_KEEP],
      details: { lines: LINES, kept: IDEMPOTENCY_KEEP },
    },
    {
      id: "bytes-remembered",
      what: "Redis bytes remembered of one owner",
      against: "the owner's cart of 100 lines",
      unit: "bytes",
      bound: null,
      note: `the most there can be: ${IDEMPOTENCY_KEEP} changes and ${MERGES_KEEP} merges, with the longest ids and keys; gone 24 h after the last`,
      ours: [most.changes + most.merges],
      baseline: [most.cart],
      details: { lines: LINES, kept: IDEMPOTENCY_KEEP, keptOfMerges: MERGES_KEEP, ...most },
    },
  ];
}

/** Bytes of what is remembered of an owner who does more than is kept, on a cart of these products. */
async function rememberedBy(owner: string, products: readonly string[], keyOf: (n: number) => string) {
  const server = await ownRedis();
  const { redis, store, log } = await openCarts(server.url);
  const stock = 1_000_000;
  const none = { ifMatch: null, idempotencyKey: null, traceparent: null };
  const add = async (productId: string, idempotencyKey: string | null) =>
    unwrap(
      await store.apply(owner, { op: "add", productId, quantity: 1, stock }, { ...none, idempotencyKey }),
    );
  for (const product of products) await add(product, null);
  let text = "";
  for (let n = 0; n < 2 * IDEMPOTENCY_KEEP; n++) {
    const { staged } = await add(products[n % products.length]!, keyOf(n));
    text = staged!.event.data;
    await redis.hset("as-text", `k${n % IDEMPOTENCY_KEEP}`, text);
  }

  const merges = createRedisMergeStore({ redis, shards: SHARDS, log });
  for (let n = 0; n < 2 * MERGES_KEEP; n++)
    unwrap(
      await merges.give(
        {
          guest: `guest:${n}`,
          user: owner,
          cartId: `00000000-0000-7000-8000-${String(n).padStart(12, "0")}`,
          version: 1,
          strategy: "sum",
          lines: products.map((productId) => ({ productId, quantity: 1, stock })),
          maxLines: LINES,
          maxQuantity: stock,
          ttlMs: 3_600_000,
          graceMs: 3_600_000,
          // Without one: with it, every other entry would be a short reference to the one before.
          idempotencyKey: null,
          traceparent: null,
        },
        null,
      ),
    );

  const shard = shardOf(owner, SHARDS);
  const bytes = {
    changes: await bytesOf(redis, shardKeys.idempotency(shard, owner)),
    merges: await bytesOf(redis, shardKeys.merges(shard, owner)),
    cart: await bytesOf(redis, shardKeys.cart(shard, owner)),
    asText: await bytesOf(redis, "as-text"),
  };
  await closeRedis(redis);
  await server.stop();
  return bytes;
}

/** Bytes of one key, its name and its place in Redis' table included. */
async function bytesOf(redis: RedisConnection, key: string): Promise<number> {
  const bytes = await redis.memory("USAGE", key, "SAMPLES", 0);
  if (bytes === null) throw new Error(`${key} is not in Redis`);
  return Number(bytes);
}
