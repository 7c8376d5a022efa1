import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { inSpan, type SpanOptions } from "../telemetry/telemetry.ts";
import type { RedisConnection } from "./redis.ts";

/** A Lua file as text, ready to be bound to a connection. */
export interface Script {
  readonly name: string;
  readonly lua: string;
}

/** One call of a script; resolves with Redis' reply. */
export type RunScript = (keys: readonly string[], ...args: readonly (string | number)[]) => Promise<unknown>;

/**
 * Loads a `.lua` file. A line `--- @include "other.lua"` is replaced by that file (relative to this one, not
 * nested). Every script is declared to Redis as one that may write, so that a replica refuses it with
 * READONLY in place of answering from old data; `--- @flags allow-oom` lets it run when memory is full.
 */
export function loadScript(file: URL): Script {
  const path = fileURLToPath(file);
  const source = readFileSync(path, "utf8");
  const flags = /^--- @flags ([a-z,-]+)$/m.exec(source)?.[1];
  const lua = source.replace(/^--- @include "([^"]+)"$/gm, (_line, included: string) =>
    readFileSync(join(dirname(path), included), "utf8"),
  );
  return {
    name: basename(path, ".lua"),
    lua: `#!lua${flags === undefined ? "" : ` flags=${flags}`}\n${withoutComments(lua)}`,
  };
}

/** Binds a script to a connection: sent as EVALSHA, loaded again by itself when Redis has forgotten it. */
export function bindScript(redis: RedisConnection, script: Script): RunScript {
  // Beside the commands of the driver: a script may be called "set".
  const name = `script:${script.name}`;
  redis.defineCommand(name, { lua: script.lua });
  const defined = redis as unknown as Record<string, (...args: (string | number)[]) => Promise<unknown>>;
  const span: SpanOptions = {
    name: `EVALSHA ${script.name}`,
    kind: "client",
    attributes: {
      "db.system.name": "redis",
      "db.operation.name": "EVALSHA",
      "db.stored_procedure.name": script.name,
    },
  };
  return (keys, ...args) => inSpan(span, () => defined[name]!(keys.length, ...keys, ...args));
}

/** Redis keeps and hashes the text it is sent; comments are for readers of the file. */
function withoutComments(lua: string): string {
  return lua.replace(/^\s*--.*$/gm, "").replace(/\n{2,}/g, "\n");
}
