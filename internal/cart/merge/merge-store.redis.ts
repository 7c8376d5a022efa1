import { shardOf } from "../../platform/identity/shard-of.ts";
import type { Logger } from "../../platform/logger/logger.ts";
import type { RedisConnection } from "../../platform/redis/redis.ts";
import { redisNow } from "../../platform/redis/redis-now.ts";
import { bindScript, loadScript } from "../../platform/redis/script.ts";
import { err, ok, type Result } from "../../platform/result/result.ts";
import { createAsk } from "../store/ask.redis.ts";
import { IDEMPOTENCY_TTL_MS, shardKeys } from "../store/keys.ts";
import { rightsOn } from "../store/rights.redis.ts";
import type { Reply } from "../store/store.redis.ts";
import type { StoreFault } from "../store/store.ts";
import type { Given, MergeStore, UndecidedCheckout } from "./merge-store.ts";
import { giveArgs, outcomeArgs, recallArgs, takeArgs } from "./script-args.ts";
import { checkoutOf, givenOf, takenOf, transferOf } from "./script-replies.ts";

const script = (name: string) => loadScript(new URL(`../lua/${name}.lua`, import.meta.url));
const SCRIPTS = {
  take: script("take"),
  give: script("give"),
  settle: script("settle"),
  resume: script("resume"),
  recall: script("recall"),
  release: script("release"),
  checkout: script("checkout-of"),
};

/** Merges in Redis or Redis Cluster: one Lua script per step. */
export function createRedisMergeStore(options: {
  readonly redis: RedisConnection;
  readonly shards: number;
  readonly log: Logger;
}): MergeStore {
  const { redis, shards, log } = options;
  const rights = rightsOn(redis);
  const run = Object.fromEntries(
    Object.entries(SCRIPTS).map(([name, each]) => [name, bindScript(redis, each)]),
  ) as Record<keyof typeof SCRIPTS, ReturnType<typeof bindScript>>;
  const ask = createAsk(log);
  const shardOfOwner = (owner: string) => shardOf(owner, shards);

  /** Runs a step in the owner's shard, where Redis allows all that the cart's scripts do. */
  async function step(name: keyof typeof SCRIPTS, owner: string, keys: string[], ...args: string[]) {
    await rights.assured(shardOfOwner(owner));
    return run[name](keys, ...args);
  }

  function cartKeys(owner: string) {
    const shard = shardOfOwner(owner);
    return [
      shardKeys.cart(shard, owner),
      shardKeys.stream(shard),
      shardKeys.expiry(shard),
      shardKeys.ordinal(shard),
    ];
  }
  const claimKey = (owner: string) => shardKeys.claim(shardOfOwner(owner), owner);
  function transferKeys(guest: string) {
    const shard = shardOfOwner(guest);
    return [shardKeys.transfer(shard, guest), shardKeys.transfers(shard)];
  }
  const userKeys = (user: string) => [...cartKeys(user), shardKeys.merges(shardOfOwner(user), user)];

  /** What was remembered of the user's merges; "reused" when that was another request. See lua/recall.lua. */
  async function remembered(user: string, wanted: object) {
    const keys = userKeys(user);
    const args = JSON.stringify({ owner_json: JSON.stringify(user), ...wanted });
    return ask(
      keys[0]!,
      step("recall", user, keys, args),
      (reply): Result<Given | "reused" | null, StoreFault> => {
        if (reply === null) return ok(null);
        if ((reply as Reply)[0] === "IDEMPOTENCY_KEY_REUSED") return ok("reused");
        return ok(givenOf(reply as Reply, shardOfOwner(user)));
      },
    );
  }

  return {
    recall: async (request) => {
      const found = await remembered(request.user, recallArgs(request));
      if (!found.ok) return found;
      return found.value === "reused" ? err({ code: "IDEMPOTENCY_KEY_REUSED" }) : ok(found.value);
    },
    outcome: async (request, cart) => {
      const found = await remembered(request.user, outcomeArgs(request, cart));
      if (!found.ok) return found;
      return ok(found.value === "reused" ? null : found.value);
    },
    take: (guest, transfer) => {
      const keys = [...cartKeys(guest), ...transferKeys(guest), claimKey(guest)];
      const args = JSON.stringify(takeArgs(guest, transfer));
      return ask(keys[0]!, step("take", guest, keys, args, JSON.stringify(transfer)), (reply) =>
        ok(takenOf(reply as Reply, shardOfOwner(guest), transfer)),
      );
    },
    decided: (guest, token) => {
      const key = claimKey(guest);
      return ask(key, step("release", guest, [key], token, "decided"), () => ok(undefined));
    },
    checkoutOf: (owner) => {
      const key = claimKey(owner);
      return ask(key, step("checkout", owner, [key]), (reply) =>
        ok(reply === null ? null : checkoutOf(reply as Reply)),
      );
    },
    give: (transfer, settled) => {
      const { user } = transfer;
      const keys = [...userKeys(user), claimKey(user)];
      const args = JSON.stringify(giveArgs(transfer, settled));
      return ask(
        keys[0]!,
        step("give", user, keys, args),
        (reply): Result<Given, StoreFault | UndecidedCheckout> => {
          const [outcome, token] = reply as Reply;
          if (outcome === "UNDECIDED") return err({ code: "CHECKOUT_UNDECIDED", token: token as string });
          return ok(givenOf(reply as Reply, shardOfOwner(user)));
        },
      );
    },
    settle: ({ guest, cartId, version }) => {
      const keys = transferKeys(guest);
      const args = { owner: guest, cart: cartId, version: String(version), remember: IDEMPOTENCY_TTL_MS };
      return ask(keys[0]!, step("settle", guest, keys, JSON.stringify(args)), () => ok(undefined));
    },
    now: () => redisNow(redis),
    waiting: (shard, before, limit) =>
      redis.zrangebyscore(shardKeys.transfers(shard), "-inf", before, "LIMIT", 0, limit),
    countWaiting: async () => {
      const all = Array.from({ length: shards }, (_, shard) => redis.zcard(shardKeys.transfers(shard)));
      return (await Promise.all(all)).reduce((sum, count) => sum + count, 0);
    },
    resume: (guest) => {
      const keys = transferKeys(guest);
      return ask(keys[0]!, step("resume", guest, keys, JSON.stringify({ owner: guest })), (reply) =>
        ok(reply === null ? null : transferOf(reply as string)),
      );
    },
  };
}
