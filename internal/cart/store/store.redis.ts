import { shardOf } from "../../platform/identity/shard-of.ts";
import type { Logger } from "../../platform/logger/logger.ts";
import type { RedisConnection } from "../../platform/redis/redis.ts";
import { bindScript, loadScript } from "../../platform/redis/script.ts";
import { err, ok, type Result } from "../../platform/result/result.ts";
import { newId } from "../../platform/uuid/new-id.ts";
import type { CartState } from "../cart.ts";
import { CART_EVENTS } from "../events.ts";
import { OPERATIONS } from "../operations/all.ts";
import { createAsk } from "./ask.redis.ts";
import { IDEMPOTENCY_KEEP, IDEMPOTENCY_TTL_MS, shardKeys } from "./keys.ts";
import { rightsOn } from "./rights.redis.ts";
import type { Applied, CartStore, ExpiryReason, Limits, RequestedChange, StoreError, Tags } from "./store.ts";

const READ = loadScript(new URL("../lua/read.lua", import.meta.url));
const RECALL = loadScript(new URL("../lua/recall.lua", import.meta.url));
const CHANGES = OPERATIONS.map(({ script, ...operation }) => ({ ...operation, script: loadScript(script) }));

export interface RedisCartStoreOptions {
  readonly redis: RedisConnection;
  readonly shards: number;
  readonly ttlMs: number;
  readonly graceMs: number;
  readonly limits: Limits;
  readonly log: Logger;
}

/** Carts in Redis or Redis Cluster: one Lua script per operation, see lua/. */
export function createRedisCartStore(options: RedisCartStoreOptions): CartStore {
  const { redis, shards, ttlMs, graceMs, limits, log } = options;
  const rights = rightsOn(redis);
  const read = bindScript(redis, READ);
  const recall = bindScript(redis, RECALL);
  const changes = new Map(
    CHANGES.map(({ name, path, args, script }) => [name, { path, args, run: bindScript(redis, script) }]),
  );
  const ask = createAsk(log);

  function keysOf(owner: string, shard: number, withIdempotency: boolean): string[] {
    const keys = [
      shardKeys.cart(shard, owner),
      shardKeys.stream(shard),
      shardKeys.expiry(shard),
      shardKeys.ordinal(shard),
    ];
    // Only when it is used: a key that is absent makes a cluster refuse the script while its slot migrates.
    return withIdempotency ? [...keys, shardKeys.idempotency(shard, owner)] : keys;
  }

  function operationOf({ op }: RequestedChange) {
    const operation = changes.get(op);
    if (!operation) throw new Error(`there is no operation ${op}`);
    return operation;
  }

  const keptAs = (change: RequestedChange) => ({ scope: scopeOf(change), request: fingerprint(change) });

  /** What must be equal for two requests with one idempotency key to be the same request. */
  const fingerprint = (change: RequestedChange) =>
    `${change.op} ${JSON.stringify(operationOf(change).args(change))}`;

  /** What an Idempotency-Key counts for: method and path. */
  const scopeOf = (change: RequestedChange) =>
    operationOf(change).path.includes("{productId}") ? `${change.op} ${change.productId}` : change.op;

  return {
    read: (owner) => {
      const key = shardKeys.cart(shardOf(owner, shards), owner);
      return ask(key, read([key]), (reply) => ok(stateOf(reply as string)));
    },
    recall: (owner, change, key) => {
      const shard = shardOf(owner, shards);
      const keys = keysOf(owner, shard, true);
      const args = { owner_json: JSON.stringify(owner), key, ...keptAs(change) };
      return ask(keys[0]!, recall(keys, JSON.stringify(args)), (reply) =>
        reply === null ? ok(null) : resultOf(reply as Reply, shard),
      );
    },
    apply: (owner, change, { ifMatch, ifNoneMatch = null, idempotencyKey, traceparent }) => {
      const shard = shardOf(owner, shards);
      const { run, args: argsOf } = operationOf(change);
      const keys = keysOf(owner, shard, idempotencyKey !== null);
      const args = {
        owner,
        owner_json: JSON.stringify(owner),
        ttl: ttlMs,
        grace: graceMs,
        ...(ifMatch !== null && { if_match: tagsOf(ifMatch) }),
        ...(ifNoneMatch !== null && { if_none_match: tagsOf(ifNoneMatch) }),
        ...(idempotencyKey !== null && {
          key: idempotencyKey,
          ...keptAs(change),
          remember: IDEMPOTENCY_TTL_MS,
          keep: IDEMPOTENCY_KEEP,
        }),
        event: newId(),
        expiry_event: newId(),
        cart: newId(),
        trace: traceparent ?? "",
        ...argsOf(change),
        stock: change.stock,
        max_lines: limits.maxLines,
        max_quantity: limits.maxQuantity,
      };
      const json = JSON.stringify(args);
      const asking = rights.assured(shard);
      const work = asking === null ? run(keys, json) : asking.then(() => run(keys, json));
      return ask(keys[0]!, work, (reply) => resultOf(reply as Reply, shard));
    },
  };
}

/** What a script answers. */
export type Reply = readonly [string, ...(string | number | Reply)[]];

const EMPTY_CART: CartState = { cartId: null, version: 0, items: [], expiresAt: null };

/** The state within an event's data, which carries the owner and the change besides. */
function stateIn({ cartId, version, items, expiresAt }: CartState): CartState {
  return { cartId, version, items, expiresAt };
}

/** What read.lua answers. */
export function stateOf(json: string): CartState {
  return JSON.parse(json) as CartState;
}

/** Versions as change.lua looks for one. */
const tagsOf = (tags: Tags) => (tags === "*" ? "*" : `,${tags.join(",")},`);

/** What a change of lua/ has answered, for the shard that it ran in. */
export function resultOf(reply: Reply, shard: number, replayed = false): Result<Applied, StoreError> {
  switch (reply[0]) {
    case "CHANGED": {
      const [, entryId, ordinal, at, type, id, text, expired, trace] = reply as unknown as ChangedReply;
      const data = JSON.parse(text) as CartState & { cartId: string };
      return ok({
        state: data.items.length === 0 ? EMPTY_CART : stateIn(data),
        staged: {
          entryId,
          ordinal: Number(ordinal),
          event: {
            id,
            partition: shard,
            ...CART_EVENTS,
            type,
            subject: data.cartId,
            sequence: data.version,
            data: text,
            // Of the request that made the change: a repeat has
            // another. Outcomes kept by earlier releases have none.
            traceparent: trace || null,
            occurredAt: Number(at),
          },
        },
        replayed,
        expired: !replayed && (EXPIRY_REASONS[Number(expired)] ?? false),
      });
    }
    case "UNCHANGED":
      return ok({ state: stateOf(reply[1] as string), staged: null, replayed, expired: false });
    case "REPLAYED":
      return resultOf(reply[1] as Reply, shard, true);
    case "VERSION_MISMATCH":
      return err({
        code: "VERSION_MISMATCH",
        version: Number(reply[1]),
        ...(reply[2] === "unwanted" && { isUnwanted: true }),
      });
    case "IDEMPOTENCY_KEY_REUSED":
      return err({ code: "IDEMPOTENCY_KEY_REUSED" });
    case "LINE_LIMIT":
      return err({ code: "LINE_LIMIT", limit: Number(reply[1]) });
    case "QUANTITY_LIMIT":
      return err({ code: "QUANTITY_LIMIT", limit: Number(reply[1]), held: Number(reply[2]) });
    case "OUT_OF_STOCK":
      return err({ code: "OUT_OF_STOCK", stock: Number(reply[1]), held: Number(reply[2]) });
    default:
      throw new Error(`a cart script answered ${JSON.stringify(reply)}`);
  }
}

/** By what a script says of the cart before. */
const EXPIRY_REASONS: readonly (ExpiryReason | false)[] = [false, "time", "missing"];

type ChangedReply = [
  string,
  entryId: string,
  ordinal: number,
  at: string,
  type: string,
  id: string,
  payload: string,
  expired: number,
  trace?: string,
];
