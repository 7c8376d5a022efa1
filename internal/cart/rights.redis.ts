import type { RedisConnection } from "../platform/redis/redis.ts";
import { bindScript, loadScript, type Script } from "../platform/redis/script.ts";
import { shardKeys } from "./keys.ts";
import { OPERATIONS } from "./operations/all.ts";

const RIGHTS = loadScript(new URL("./lua/rights.lua", import.meta.url));

/** Every script that changes carts. */
export const WRITING_SCRIPTS: readonly Script[] = [
  ...OPERATIONS.map(({ script }) => loadScript(script)),
  loadScript(new URL("./lua/expire.lua", import.meta.url)),
];

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
};
const PROBE = "rights-probe";
const KEYS = [
  shardKeys.cart(0, PROBE),
  shardKeys.stream(0),
  shardKeys.expiry(0),
  shardKeys.ordinal(0),
  shardKeys.idempotency(0, PROBE),
];

/** The rights of our user in Redis, as far as the cart's scripts need them. */
export interface Rights {
  /** Rejects with a sentence that names the first command that is denied; asks Redis each time. */
  check(): Promise<void>;
  /** Like `check`, asking Redis only once per connection. */
  assured(): Promise<void> | null;
}

/**
 * Redis does not roll back: a script that is denied its third write keeps the first two. So nobody runs one
 * before Redis has said that the user may run every command in every script. What an administrator takes
 * away later is found by the next `check`, readiness' for one.
 */
export function rightsOn(redis: RedisConnection): Rights {
  const known = ofConnection.get(redis) ?? createRights(redis);
  ofConnection.set(redis, known);
  return known;
}

/** One for each connection, whoever asks. */
const ofConnection = new WeakMap<RedisConnection, Rights>();

function createRights(redis: RedisConnection): Rights {
  const ask = bindScript(redis, RIGHTS);
  const calls = JSON.stringify(callsOf(WRITING_SCRIPTS));
  let granted = false;
  for (const event of ["close", "-node"]) redis.on(event, () => (granted = false));

  async function check(): Promise<void> {
    const denied = await ask(KEYS, calls);
    granted = denied === null;
    if (!granted) throw new Error(`DENIED the ACL of this Redis does not allow its user ${denied}`);
  }
  return { check, assured: () => (granted ? null : check()) };
}

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
