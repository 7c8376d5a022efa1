import type { RedisConnection } from "../../platform/redis/redis.ts";
import { bindScript, loadScript } from "../../platform/redis/script.ts";
import type { RefreshToken } from "./refresh-token.ts";
import type { Refused, SessionStore } from "./session-store.ts";

const load = (name: string) => loadScript(new URL(`../lua/${name}.lua`, import.meta.url));
const OPEN = load("open-session");
const REFRESH = load("refresh-session");
const REVOKE = load("revoke-session");

/** How many replaced tokens within their grace are known; one replaced before those counts as reused. */
const MOST_PREDECESSORS = 8;

/** The last two come where the token counts. */
type Reply = [status: string, at?: number, leftMs?: number];

/**
 * Sessions in Redis, one small key each (some 250 bytes) that goes with the session's end. Rejects when Redis
 * is away or does not answer within the connection's command timeout; beginning one also when it is full.
 */
export function createRedisSessions(redis: RedisConnection, most = MOST_PREDECESSORS): SessionStore {
  const open = bindScript(redis, OPEN);
  const refresh = bindScript(redis, REFRESH);
  const revoke = bindScript(redis, REVOKE);
  const keyOf = ({ guestId }: RefreshToken) => `session:{${guestId}}`;
  const judge = async (presented: RefreshToken, successors: readonly RefreshToken[], graceMs: number) => {
    const args = {
      family: presented.familyHash,
      presented: presented.hash,
      successors: successors.map(({ hash }) => hash),
      grace: graceMs,
      most,
    };
    return (await refresh([keyOf(presented)], JSON.stringify(args))) as Reply;
  };
  return {
    open: async (first, lifetimeMs) => {
      const args = { family: first.familyHash, current: first.hash, lifetime: lifetimeMs };
      await open([keyOf(first)], JSON.stringify(args));
    },
    rotate: async (presented, successors, graceMs) => {
      const [status, at, leftMs] = await judge(presented, successors, graceMs);
      if (at === undefined || leftMs === undefined) return { outcome: refused(status) };
      const outcome = status === "ROTATED" ? "rotated" : "repeated";
      return { outcome, successor: successors[at - 1]!, leftMs };
    },
    check: async (presented) => {
      const [status, at] = await judge(presented, [], 0);
      return { outcome: at === undefined ? refused(status) : "held" };
    },
    revoke: async (presented) => (await revoke([keyOf(presented)], presented.familyHash)) === 1,
  };
}

const refused = (status: string) => status.toLowerCase() as Refused;
