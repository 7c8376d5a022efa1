import { shardOf } from "../../platform/identity/shard-of.ts";
import { createLogger } from "../../platform/logger/logger.ts";
import type { RedisConnection } from "../../platform/redis/redis.ts";
import { unwrap } from "../../platform/result/result.ts";
import { shardKeys } from "./keys.ts";
import { createRedisCartStore, type RedisCartStoreOptions } from "./store.redis.ts";
import type { CartStore, Change, Preconditions } from "./store.ts";
import { NO_PRECONDITIONS } from "./store-scene.contract.ts";

export const SHARDS = 8;
export const log = createLogger("test", "fatal");

export const add = (productId: string, quantity: number, stock = 1_000_000): Change => ({
  op: "add",
  productId,
  quantity,
  stock,
});
export const set = (productId: string, quantity: number, stock = 1_000_000): Change => ({
  op: "set",
  productId,
  quantity,
  stock,
});
export const remove = (productId: string): Change => ({ op: "remove", productId });
export const clear: Change = { op: "clear" };

export const codeOf = (result: { ok: boolean; error?: { code: string } }) =>
  result.ok ? "ok" : result.error?.code;
export const lines = (items: readonly { productId: string; quantity: number }[]) =>
  items.map((line) => `${line.productId} x ${line.quantity}`);

let owners = 0;

/** Opens a Redis and a cart store for the suite that calls it; each test has an owner of its own. */
export function playCartStore(suite: Mocha.Suite, connect: () => Promise<RedisConnection>) {
  suite.timeout(60_000);
  let redis: RedisConnection;
  let store: CartStore;
  let owner = "";
  const nextOwner = () => {
    owner = `user:play-${process.pid}-${++owners}`;
  };
  const storeWith = (options: Partial<RedisCartStoreOptions> = {}) =>
    createRedisCartStore({
      redis,
      shards: SHARDS,
      ttlMs: 60_000,
      graceMs: 60_000,
      limits: { maxLines: 5, maxQuantity: 99 },
      log,
      ...options,
    });
  before(async () => {
    redis = await connect();
    store = storeWith();
  });
  after(() => redis?.disconnect());
  beforeEach(nextOwner);

  const shard = () => shardOf(owner, SHARDS);
  const apply = async (change: Change, more: Partial<Preconditions> = {}, into = store) =>
    into.apply(owner, change, { ...NO_PRECONDITIONS, ...more });
  return {
    redis: () => redis,
    store: () => store,
    owner: () => owner,
    nextOwner,
    shard,
    storeWith,
    read: async () => unwrap(await store.read(owner)),
    apply,
    applied: async (change: Change, more: Partial<Preconditions> = {}) => unwrap(await apply(change, more)),
    /** The staged events of this test's owner, oldest first. */
    staged: async () => {
      const entries = await redis.xrange(shardKeys.stream(shard()), "-", "+");
      return entries
        .map(([, flat]) =>
          Object.fromEntries(flat.map((field, i) => [field, flat[i + 1]]).filter((_, i) => i % 2 === 0)),
        )
        .filter((entry) => JSON.parse(entry.data).owner === owner);
    },
  };
}
