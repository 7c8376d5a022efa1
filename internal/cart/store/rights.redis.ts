import { crc16 } from "../../platform/redis/crc16.ts";
import type { RedisConnection } from "../../platform/redis/redis.ts";
import { bindScript, loadScript, type Script } from "../../platform/redis/script.ts";
import { OPERATIONS } from "../operations/all.ts";
import { shardKeys } from "./keys.ts";

const RIGHTS = loadScript(new URL("../lua/rights.lua", import.meta.url));

/** Every script that changes carts. */
export const WRITING_SCRIPTS: readonly Script[] = [
  ...OPERATIONS.map(({ script }) => loadScript(script)),
  ...["expire", "expiring", "take", "give", "reduce"].map((name) =>
    loadScript(new URL(`../lua/${name}.lua`, import.meta.url)),
  ),
];

/** Those that write beside carts: transfers and what is known of merges, and claims of checkouts. */
export const TRANSFER_SCRIPTS: readonly Script[] = ["settle", "resume", "recall"].map((name) =>
  loadScript(new URL(`../lua/${name}.lua`, import.meta.url)),
);
export const CLAIMING_SCRIPTS: readonly Script[] = ["claim", "release", "checkout-of"].map((name) =>
  loadScript(new URL(`../lua/${name}.lua`, import.meta.url)),
);

/** How the scripts name a key, and which of the keys below it is; 0 is for commands without a key. */
const KEY_INDEX: Readonly<Record<string, number>> = {
  "keys.cart": 1,
  key: 1,
  "keys.stream": 2,
  stream: 2,
  "keys.expiry": 3,
  "keys.counter": 4,
  counter: 4,
  "keys.idem": 5,
  "keys.claim": 6,
  claim: 6,
  "keys.transfer": 7,
  "keys.transfers": 8,
  "keys.told": 9,
};
const PROBE = "rights-probe";
const keysOf = (shard: number) => [
  shardKeys.cart(shard, PROBE),
  shardKeys.stream(shard),
  shardKeys.expiry(shard),
  shardKeys.ordinal(shard),
  shardKeys.idempotency(shard, PROBE),
  shardKeys.claim(shard, PROBE),
  shardKeys.transfer(shard, PROBE),
  shardKeys.transfers(shard),
  shardKeys.expiring(shard),
];

/** The rights of our user in Redis, as far as the cart's scripts need them. */
export interface Rights {
  /**
   * Asks every node that holds one of these shards, each time; rejects
   * with a sentence that names the first command that is denied.
   */
  check(shards: number): Promise<void>;
  /** Asks the node of this shard, once per connection; rejects likewise. Null when it has been asked. */
  assured(shard: number): Promise<void> | null;
}

/**
 * Redis does not roll back: a script that is denied its third write keeps the first two. So nobody runs one
 * before Redis has said that the user may run every command in every script; in a cluster each node has said
 * so for itself, because nodes do not share their ACL. What an administrator takes away later is found by the
 * next `check`, readiness' for one.
 */
export function rightsOn(redis: RedisConnection): Rights {
  const known = ofConnection.get(redis) ?? createRights(redis);
  ofConnection.set(redis, known);
  return known;
}

/** One for each connection, whoever asks. */
const ofConnection = new WeakMap<RedisConnection, Rights>();

function createRights(redis: RedisConnection): Rights {
  const run = bindScript(redis, RIGHTS);
  const calls = JSON.stringify(callsOf([...WRITING_SCRIPTS, ...TRANSFER_SCRIPTS, ...CLAIMING_SCRIPTS]));
  const granted = new Set<string>();
  const asking = new Map<string, Promise<void>>();
  for (const event of ["close", "-node"]) redis.on(event, () => granted.clear());

  async function ask(shard: number): Promise<void> {
    const node = nodeOf(redis, shard);
    const denied = await run(keysOf(shard), calls);
    if (denied === null) {
      granted.add(node);
      return;
    }
    granted.delete(node);
    const where = node === "" ? "this Redis" : `the Redis at ${node}`;
    throw new Error(`DENIED the ACL of ${where} does not allow its user ${denied}`);
  }

  return {
    check: async (shards) => {
      const oneOfEach = new Map<string, number>();
      for (let shard = 0; shard < shards; shard++) oneOfEach.set(nodeOf(redis, shard), shard);
      await Promise.all([...oneOfEach.values()].map(ask));
    },
    assured: (shard) => {
      const node = nodeOf(redis, shard);
      if (granted.has(node)) return null;
      const asked = asking.get(node) ?? ask(shard).finally(() => asking.delete(node));
      asking.set(node, asked);
      return asked;
    },
  };
}

/** Which node of a cluster has the shard at present, as `host:port`; "" where Redis stands alone. */
function nodeOf(redis: RedisConnection, shard: number): string {
  if (!("slots" in redis)) return "";
  return redis.slots[crc16(String(shard)) % SLOTS]?.[0] ?? "";
}

/** Of a Redis Cluster; a key's is that of its hash tag, here the shard's number. */
const SLOTS = 16_384;

/** The distinct commands of the scripts with the index of their key, read from the source. */
export function callsOf(scripts: readonly Script[]): [command: string, key: number][] {
  const found = new Map<string, [string, number]>();
  for (const { name, lua } of scripts)
    for (const [call, command, key] of lua.matchAll(/redis\.call\("([A-Z]+)"(?:, *([\w.]+))?/g)) {
      const index = key === undefined ? 0 : KEY_INDEX[key];
      if (index === undefined) throw new Error(`${name}.lua: ${call}: which key is this?`);
      found.set(`${command} ${index}`, [command!, index]);
    }
  return [...found.values()];
}
