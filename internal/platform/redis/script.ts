import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RedisConnection } from "./redis.ts";

/** A Lua file as text, ready to be bound to a connection. */
export interface Script {
  readonly name: string;
  readonly lua: string;
  readonly keys: number;
}

/** One call of a script; resolves with Redis' reply. Keys come first, then arguments. */
export type RunScript = (...keysAndArguments: (string | number)[]) => Promise<unknown>;

/**
 * Loads a `.lua` file. A line `--- @include "other.lua"` is replaced by that file (relative to this one, not nested),
 * and `--- @keys N` in the header says how many keys it takes; a missing count is a bug and throws.
 */
export function loadScript(file: URL): Script {
  const path = fileURLToPath(file);
  const source = readFileSync(path, "utf8");
  const keys = /^--- @keys (\d+)$/m.exec(source)?.[1];
  if (keys === undefined) throw new Error(`${path} has no "--- @keys N" line`);
  const lua = source.replace(/^--- @include "([^"]+)"$/gm, (_line, included: string) =>
    readFileSync(join(dirname(path), included), "utf8"),
  );
  return { name: basename(path, ".lua"), lua: withoutComments(lua), keys: Number(keys) };
}

/** Binds a script to a connection: sent as EVALSHA, loaded again by itself when Redis has forgotten it. */
export function bindScript(redis: RedisConnection, script: Script): RunScript {
  redis.defineCommand(script.name, { lua: script.lua, numberOfKeys: script.keys });
  const bound = (redis as unknown as Record<string, RunScript>)[script.name];
  if (!bound) throw new Error(`ioredis did not define ${script.name}`);
  return bound.bind(redis);
}

/** Redis keeps and hashes the text it is sent; comments are for readers of the file. */
function withoutComments(lua: string): string {
  return lua.replace(/^\s*--.*$/gm, "").replace(/\n{2,}/g, "\n");
}
