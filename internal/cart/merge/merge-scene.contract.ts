import { shardOf } from "../../platform/identity/shard-of.ts";
import { createLogger } from "../../platform/logger/logger.ts";
import { Registry } from "../../platform/metrics/metrics.ts";
import type { RedisConnection } from "../../platform/redis/redis.ts";
import { unwrap } from "../../platform/result/result.ts";
import type { CartState, CartView } from "../cart.ts";
import type { Product } from "../catalog/catalog.ts";
import { createMemoryCatalog } from "../catalog/catalog-memory.contract.ts";
import { createRedisCheckoutStore } from "../checkout/checkout-store.redis.ts";
import { createCartMetrics, createMergedCounter } from "../metrics.ts";
import { createShowCart } from "../show.ts";
import { shardKeys } from "../store/keys.ts";
import { createRedisCartStore } from "../store/store.redis.ts";
import type { SettleOrders } from "./finish-transfer.ts";
import { createMerge, type DecideOrders, type MergeOutcome } from "./merge.ts";
import { createRedisMergeStore } from "./merge-store.redis.ts";
import type { MergeRequest, MergeStore } from "./merge-store.ts";
import { createMergeSweep } from "./merge-sweep.ts";

export const SHARDS = 8;
export const MOST_LINES = 6;
export const MOST_QUANTITY = 99;
const TERMS = { maxLines: MOST_LINES, maxQuantity: MOST_QUANTITY, ttlMs: 60_000, graceMs: 60_000 };
const PRODUCTS = ["tea", "mug", "pot", "scarce", "gone", "soldout", "a", "b", "c", "d", "e"];

let scenes = 0;
const newScene = () => `${process.pid}-${++scenes}-${Math.random().toString(36).slice(2)}`;

/** A guest and a user of their own, mostly in different slots, and what a merge is done with. */
export function sceneOn(redis: RedisConnection, id = newScene()) {
  const [guest, user] = [`guest:${id}`, `user:${id}`];
  const log = createLogger("test", "silent");
  const product = (name: string, stock = 1_000): Product => ({
    id: name,
    name,
    price: { amount: 100, currency: "EUR" },
    stock,
  });
  const catalog = createMemoryCatalog(
    PRODUCTS.map((name) => product(name)),
    { caching: false },
  );
  const { maxLines, maxQuantity, ...life } = TERMS;
  const carts = createRedisCartStore({
    redis,
    shards: SHARDS,
    ...life,
    limits: { maxLines, maxQuantity },
    log,
  });
  const store = createRedisMergeStore({ redis, shards: SHARDS, log });
  const checkouts = createRedisCheckoutStore({ redis, shards: SHARDS, log });
  const registry = new Registry();
  const merged = createMergedCounter(registry);
  const metrics = createCartMetrics(registry, 60);
  const decided: string[] = [];
  let decides: DecideOrders = async () => true;
  const settled: string[] = [];
  let settles: SettleOrders = async () => true;
  const settleOrders: SettleOrders = (owner) => {
    settled.push(owner);
    return settles(owner);
  };
  const mergeWith = (into: MergeStore) =>
    createMerge({
      orders: {
        decide: (owner) => {
          decided.push(owner);
          return decides(owner);
        },
        settle: settleOrders,
      },
      store: into,
      carts,
      catalog,
      show: createShowCart(catalog, "EUR"),
      outbox: { committed: async () => "committed" },
      merged,
      metrics,
      terms: TERMS,
    });
  const request = (more: Partial<MergeRequest>): MergeRequest => ({
    user,
    guest,
    strategy: "max",
    idempotencyKey: null,
    traceparent: null,
    ...more,
  });
  const merge = (more: Partial<MergeRequest>) => mergeWith(store)(request(more));
  const quantities = ({ items }: Pick<CartView | CartState, "items">) =>
    Object.fromEntries(items.map(({ productId, quantity }) => [productId, quantity]));

  return {
    id,
    store,
    guest,
    user,
    catalog,
    product,
    quantities,
    checkouts,
    /** Begins a checkout of the guest's cart; resolves with the cart. */
    claim: async (token: string) =>
      unwrap(await checkouts.claim(guest, { token, key: "key", request: "request" })),
    /** Whose orders were asked to be decided. */
    decided,
    /** What becomes of undecided checkouts of a guest's from now on. */
    decide: (by: DecideOrders) => {
      decides = by;
    },
    /** Whose latest order was asked to be taken out of the cart. */
    settled,
    /** What becomes of users' orders from now on. */
    settle: (by: SettleOrders) => {
      settles = by;
    },
    merge,
    merged: async (more: Partial<MergeRequest>) => unwrap(await merge(more)),
    /** Carts whose end merges and sweeps have told of, by reason; none that are 0. */
    expiredTotals: async () => {
      const { values } = await metrics.expired.get();
      return Object.fromEntries(
        values.flatMap(({ labels, value }) => (value > 0 ? [[labels.reason, value]] : [])),
      );
    },
    mergedTotal: async () => (await merged.get()).values.reduce((sum, { value }) => sum + value, 0),
    /** Finishes merges that have waited for so long; all of them unless told. */
    sweep: (ageMs = -60_000) =>
      createMergeSweep({
        store,
        shards: SHARDS,
        ageMs,
        settleOrders,
        merged,
        expired: metrics.expired,
      })(),
    /** Adds to an owner's cart, one product after the other; resolves with the cart. */
    fill: async (owner: string, lines: Readonly<Record<string, number>>) => {
      for (const [productId, quantity] of Object.entries(lines)) {
        const change = { op: "add", productId, quantity, stock: 1_000 };
        unwrap(await carts.apply(owner, change, { ifMatch: null, idempotencyKey: null, traceparent: null }));
      }
      return unwrap(await carts.read(owner));
    },
    cartOf: async (owner: string) => quantities(unwrap(await carts.read(owner))),
    /** Merges by `sum` on a store that the test has made. */
    mergeOn: (into: MergeStore) => mergeWith(into)(request({ strategy: "sum" })),
    /** Merges by `sum`; before its question number `step` to the store, from 0, something else happens. */
    interrupted: (step: number, more: Partial<MergeRequest>, happens: () => Promise<unknown>) => {
      let asked = 0;
      const first = async () => {
        if (asked++ === step) await happens();
      };
      const asks = Object.fromEntries(
        (["recall", "take", "outcome", "give"] as const).map((name) => [
          name,
          async (...args: unknown[]) => {
            await first();
            return (store[name] as (...args: unknown[]) => unknown)(...args);
          },
        ]),
      );
      return mergeWith({ ...store, ...asks })(request({ strategy: "sum", ...more }));
    },
    /** Begins a merge by `sum` in a process that goes no further than this step. */
    upTo: async (last: "take" | "give") => {
      const ends = async () => {
        throw new Error("the process ends here");
      };
      const until = last === "take" ? { give: ends, settle: ends } : { settle: ends };
      await mergeWith({ ...store, ...until })(request({ strategy: "sum" })).catch(() => {});
    },
    /** An outcome but for its prices, which are those of the moment. */
    told: ({ cart, ...more }: MergeOutcome) => ({ ...more, version: cart.version, items: quantities(cart) }),
    /** The guest, if its transfer waits. */
    pending: async () => {
      const waiting = await redis.zrange(shardKeys.transfers(shardOf(guest, SHARDS)), "0", "-1");
      return waiting.filter((each) => each === guest);
    },
    /** The staged events of an owner, oldest first. */
    events: async (owner: string) => {
      const entries = await redis.xrange(shardKeys.stream(shardOf(owner, SHARDS)), "-", "+");
      return entries
        .map(([, flat]) => {
          const entry = Object.fromEntries(flat.map((field, i) => [field, flat[i + 1]]));
          return {
            type: entry.type,
            subject: entry.subject,
            version: Number(entry.version),
            data: JSON.parse(entry.data!),
          };
        })
        .filter(({ data }) => data.owner === owner);
    },
  };
}

/** Opens a Redis for the suite that calls it; before each test `use` is given a scene of its own on it. */
export function playMerges(
  suite: Mocha.Suite,
  connect: () => Promise<RedisConnection>,
  use: (redis: RedisConnection, scene: ReturnType<typeof sceneOn>) => void,
): void {
  suite.timeout(60_000);
  let redis: RedisConnection;
  before(async () => {
    redis = await connect();
  });
  after(() => redis?.disconnect());
  beforeEach(() => use(redis, sceneOn(redis)));
}
