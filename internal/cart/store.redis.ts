import type { Logger } from "../platform/logger/logger.ts";
import type { RedisConnection } from "../platform/redis/redis.ts";
import { bindScript, loadScript, type RunScript } from "../platform/redis/script.ts";
import { err, ok, type Result } from "../platform/result/result.ts";
import { newId } from "../platform/uuid/new-id.ts";
import type { CartState } from "./cart.ts";
import { CART_EVENTS } from "./events.ts";
import { IDEMPOTENCY_TTL_MS, shardKeys, shardOf } from "./keys.ts";
import type {
  Applied,
  CartStore,
  Change,
  Limits,
  Preconditions,
  RequestedChange,
  StoreError,
} from "./store.ts";

const SCRIPTS = {
  add: loadScript(new URL("./lua/add.lua", import.meta.url)),
  set: loadScript(new URL("./lua/set.lua", import.meta.url)),
  remove: loadScript(new URL("./lua/remove.lua", import.meta.url)),
  clear: loadScript(new URL("./lua/clear.lua", import.meta.url)),
  read: loadScript(new URL("./lua/read.lua", import.meta.url)),
  recall: loadScript(new URL("./lua/recall.lua", import.meta.url)),
};

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
  const run = Object.fromEntries(
    Object.entries(SCRIPTS).map(([name, script]) => [name, bindScript(redis, script)]),
  ) as Record<keyof typeof SCRIPTS, RunScript>;
  let failing = false;

  /** Runs a script; a store that does not answer is an outcome, logged when it begins and when it ends. */
  async function ask<T>(
    work: Promise<unknown>,
    read: (reply: unknown) => T,
  ): Promise<T | Result<never, StoreError>> {
    let reply: unknown;
    try {
      reply = await work;
    } catch (cause) {
      if (isScriptBug(cause)) throw new Error("a cart script failed", { cause });
      if (!failing) log.warn({ err: cause }, "the cart store does not answer");
      failing = true;
      return err({ code: "CART_STORE_UNAVAILABLE" });
    }
    if (failing) log.info("the cart store answers again");
    failing = false;
    return read(reply);
  }

  function argumentsOf(change: Change): (string | number)[] {
    switch (change.op) {
      case "add":
      case "set":
        return [change.productId, change.quantity, change.stock, limits.maxLines, limits.maxQuantity];
      case "remove":
        return [change.productId];
      case "clear":
        return [];
    }
  }

  return {
    read: (owner) => {
      const shard = shardOf(owner, shards);
      return ask(run.read(shardKeys.cart(shard, owner)), (reply) => ok(stateOf(reply as string)));
    },
    recall: (owner, change, key) => {
      const shard = shardOf(owner, shards);
      return ask(run.recall(shardKeys.idempotency(shard, owner, key), fingerprint(change)), (reply) =>
        reply === null ? ok(null) : resultOf(reply as Reply, shard),
      );
    },
    apply: (owner, change, preconditions) => {
      const shard = shardOf(owner, shards);
      return ask(
        run[change.op](
          shardKeys.cart(shard, owner),
          shardKeys.stream(shard),
          shardKeys.expiry(shard),
          shardKeys.ordinal(shard),
          shardKeys.idempotency(shard, owner, preconditions.idempotencyKey ?? ""),
          owner,
          JSON.stringify(owner),
          ttlMs,
          graceMs,
          ifMatchArgument(preconditions),
          preconditions.idempotencyKey === null ? "" : fingerprint(change),
          IDEMPOTENCY_TTL_MS,
          newId(),
          newId(),
          newId(),
          preconditions.traceparent ?? "",
          ...argumentsOf(change),
        ),
        (reply) => resultOf(reply as Reply, shard),
      );
    },
  };
}

type Reply = readonly [string, ...(string | number | Reply)[]];

/** A script that Redis refused to run is our bug; everything else is a Redis that is not there for us. */
function isScriptBug(cause: unknown): boolean {
  return /ERR .*(user_script|script|wrong number of args)/i.test((cause as Error).message ?? "");
}

const EMPTY_CART: CartState = { cartId: null, version: 0, items: [], expiresAt: null };

/** The state within an event's data, which carries the owner and the change besides. */
function stateIn({ cartId, version, items, expiresAt }: CartState): CartState {
  return { cartId, version, items, expiresAt };
}

function stateOf(json: string): CartState {
  return JSON.parse(json) as CartState;
}

/** What must be equal for two requests with one idempotency key to be the same request. */
function fingerprint(change: RequestedChange): string {
  switch (change.op) {
    case "add":
    case "set":
      return `${change.op} ${change.productId} ${change.quantity}`;
    case "remove":
      return `remove ${change.productId}`;
    case "clear":
      return "clear";
  }
}

function ifMatchArgument({ ifMatch }: Preconditions): string {
  if (ifMatch === null) return "";
  return ifMatch === "*" ? "*" : `,${ifMatch.join(",")},`;
}

function resultOf(reply: Reply, shard: number, replayed = false): Result<Applied, StoreError> {
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
            // Of the request that made the change: a repeat has another. Outcomes kept by earlier releases have none.
            traceparent: trace || null,
            occurredAt: Number(at),
          },
        },
        replayed,
        expired: !replayed && Number(expired) === 1,
      });
    }
    case "UNCHANGED":
      return ok({ state: stateOf(reply[1] as string), staged: null, replayed, expired: false });
    case "REPLAYED":
      return resultOf(reply[1] as Reply, shard, true);
    case "VERSION_MISMATCH":
      return err({ code: "VERSION_MISMATCH", version: Number(reply[1]) });
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
