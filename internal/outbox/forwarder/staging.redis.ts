import type { EventOrigin } from "../../platform/event/event.ts";
import type { RedisConnection } from "../../platform/redis/redis.ts";
import { redisNow } from "../../platform/redis/redis-now.ts";
import { bindScript, loadScript } from "../../platform/redis/script.ts";
import { faultOf } from "./salvage.ts";
import type { StagedEntry, StagingArea } from "./staging.ts";

const OLDEST = loadScript(new URL("./lua/oldest.lua", import.meta.url));
const SET_ASIDE = loadScript(new URL("./lua/set-aside.lua", import.meta.url));
const BACKLOG = loadScript(new URL("./lua/backlog.lua", import.meta.url));

/**
 * The staged events of every shard, each in its Redis stream. Entry fields:
 * id, source, type, subject, seqname and version (the sequence and its name),
 * at (epoch ms), trace (or empty), n (staging counter), data (JSON).
 */
export function createRedisStaging(options: {
  redis: RedisConnection;
  shards: number;
  /** The key of a shard's stream, as the scripts that stage events know it. */
  stream: (shard: number) => string;
  /** The key of the stream for a shard's entries that can become no event; in the same slot. */
  setAside: (shard: number) => string;
  /**
   * Of entries that have no `source` and `seqname`: earlier releases staged the events of one feature only.
   */
  unnamed: EventOrigin;
}): StagingArea {
  const { redis, shards, stream, unnamed } = options;
  const oldest = bindScript(redis, OLDEST);
  const setAside = bindScript(redis, SET_ASIDE);
  const backlog = bindScript(redis, BACKLOG);
  return {
    oldest: async (shard, limit) => {
      const entries = (await oldest([stream(shard)], limit)) as [string, string[]][];
      return entries.map(([entryId, fields]) => stagedEntry(shard, entryId, fields, unnamed));
    },
    remove: async (entries) => {
      await Promise.all([...entries].map(([shard, ids]) => redis.xdel(stream(shard), ...ids)));
    },
    setAside: async (shard, entryId, reason) =>
      (await setAside([stream(shard), options.setAside(shard)], entryId, reason)) === 1,
    backlog: async () => {
      const all = Array.from({ length: shards }, (_, shard) => shard);
      const [now, ...found] = await Promise.all([
        redisNow(redis),
        ...all.map(async (shard) => (await backlog([stream(shard)])) as [number, string | null]),
      ]);
      return {
        now,
        staged: found.reduce((sum, [length]) => sum + length, 0),
        oldestAt: found.map(([, oldest]) => (oldest === null ? null : Number(oldest.split("-")[0]))),
      };
    },
  };
}

/** Missing fields become empty, and numbers that are none NaN; `fault` then names them. */
function stagedEntry(
  shard: number,
  entryId: string,
  flat: readonly string[],
  unnamed: EventOrigin,
): StagedEntry {
  const field = new Map<string, string>();
  for (let i = 0; i + 1 < flat.length; i += 2) field.set(flat[i]!, flat[i + 1]!);
  const text = (name: string) => field.get(name) ?? "";
  const event = {
    id: text("id"),
    partition: shard,
    source: field.get("source") ?? unnamed.source,
    type: text("type"),
    subject: text("subject"),
    sequence: wholeNumber(text("version")),
    sequenceName: field.get("seqname") ?? unnamed.sequenceName,
    data: text("data"),
    traceparent: text("trace") || null,
    occurredAt: wholeNumber(text("at")),
  };
  const ordinal = wholeNumber(text("n"));
  const missing = REQUIRED.filter((name) => !field.has(name));
  const fault = missing.length > 0 ? `it has no field ${missing.join(", ")}` : faultOf(event);
  if (fault !== null) return { entryId, ordinal, event, fault };
  if (Number.isNaN(ordinal)) return { entryId, ordinal, event, fault: "n is not a whole number" };
  return { entryId, ordinal, event };
}

const REQUIRED = ["id", "type", "subject", "version", "at", "trace", "n", "data"];

function wholeNumber(text: string): number {
  return /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
}
