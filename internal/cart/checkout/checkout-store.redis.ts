import { shardOf } from "../../platform/identity/shard-of.ts";
import type { Logger } from "../../platform/logger/logger.ts";
import type { RedisConnection } from "../../platform/redis/redis.ts";
import { bindScript, loadScript } from "../../platform/redis/script.ts";
import { err, ok, type Result, unwrap } from "../../platform/result/result.ts";
import { newId } from "../../platform/uuid/new-id.ts";
import type { CartState } from "../cart.ts";
import { createAsk } from "../store/ask.redis.ts";
import { CLAIM_TTL_MS, shardKeys, UNDECIDED_TTL_MS } from "../store/keys.ts";
import { rightsOn } from "../store/rights.redis.ts";
import { type Reply, resultOf, stateOf } from "../store/store.redis.ts";
import type { CheckoutStore, ClaimError } from "./checkout-store.ts";

const CLAIM = loadScript(new URL("../lua/claim.lua", import.meta.url));
const RELEASE = loadScript(new URL("../lua/release.lua", import.meta.url));
const REDUCE = loadScript(new URL("../lua/reduce.lua", import.meta.url));

/** Checkouts of carts in Redis or Redis Cluster. */
export function createRedisCheckoutStore(options: {
  readonly redis: RedisConnection;
  readonly shards: number;
  readonly log: Logger;
}): CheckoutStore {
  const { redis, shards, log } = options;
  const rights = rightsOn(redis);
  const [claim, release, reduce] = [CLAIM, RELEASE, REDUCE].map((script) => bindScript(redis, script));
  const ask = createAsk(log);

  /** Runs a script only where the shard's Redis allows all that it does. */
  async function assured(shard: number, work: () => Promise<unknown>): Promise<unknown> {
    await rights.assured(shard);
    return work();
  }

  return {
    claim: async (owner, { token, key, request }) => {
      const shard = shardOf(owner, shards);
      const cart = shardKeys.cart(shard, owner);
      const args = JSON.stringify({ token, key, request, ttl: CLAIM_TTL_MS, forget: UNDECIDED_TTL_MS });
      const work = assured(shard, () => claim!([cart, shardKeys.claim(shard, owner)], args));
      return ask(cart, work, (reply): Result<CartState, ClaimError> => {
        const [outcome, state] = reply as readonly [ClaimError["code"] | "CLAIMED", string];
        return outcome === "CLAIMED" ? ok(stateOf(state)) : err({ code: outcome });
      });
    },
    release: (owner, token, end) => {
      const key = shardKeys.claim(shardOf(owner, shards), owner);
      return ask(key, release!([key], token, end), () => ok(undefined));
    },
    reduce: (owner, { orderId, cartId, version, items }, traceparent, token) => {
      const shard = shardOf(owner, shards);
      const cart = shardKeys.cart(shard, owner);
      const keys = [
        cart,
        shardKeys.stream(shard),
        shardKeys.expiry(shard),
        shardKeys.ordinal(shard),
        // Only when it is used: an absent key makes a cluster refuse the script while its slot migrates.
        ...(token === undefined ? [] : [shardKeys.claim(shard, owner)]),
      ];
      const args = JSON.stringify({
        owner,
        owner_json: JSON.stringify(owner),
        event: newId(),
        trace: traceparent ?? "",
        order: orderId,
        cart_id: cartId,
        version,
        lines: items.map(({ productId, quantity }) => ({ product: productId, quantity })),
        token,
      });
      return ask(
        cart,
        assured(shard, () => reduce!(keys, args)),
        (reply) => ok(unwrap(resultOf(reply as Reply, shard))),
      );
    },
  };
}
