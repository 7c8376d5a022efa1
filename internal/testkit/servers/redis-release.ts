import { execFileSync } from "node:child_process";
import { globSync } from "node:fs";
import { debian13 } from "./debian13.ts";

/** A command, and the arguments that come before its own. */
export type Command = readonly [program: string, ...args: string[]];

/**
 * The Redis to start: the machine's own, or for `REDIS=8` in the environment an 8 or later:
 * the machine's own where that is one, else Debian 13's, on the libraries of its own tree.
 */
export function redisCommand(asked: string | undefined = process.env.REDIS): Command {
  if (asked !== undefined && asked !== "" && asked !== "8")
    throw new Error(`REDIS=${asked} is not known; 8 asks for Redis 8, nothing for the machine's own`);
  if (asked !== "8" || ownMajor() >= 8) return ["redis-server"];
  inTree ??= fromTree();
  return inTree;
}

let inTree: Command | undefined;

/** By the tree's own loader: no chroot, so files anywhere can be named in the configuration. */
function fromTree(): Command {
  const tree = debian13();
  const [loader] = globSync(`${tree}/usr/lib/*/ld-linux*.so.*`);
  if (loader === undefined) throw new Error(`${tree} has no loader in usr/lib/*: remove it, to make it anew`);
  return [loader, "--library-path", loader.slice(0, loader.lastIndexOf("/")), `${tree}/usr/bin/redis-server`];
}

/** 0 where there is none. */
function ownMajor(): number {
  try {
    const version = execFileSync("redis-server", ["--version"], { encoding: "utf8" });
    return Number(/ v=(\d+)\./.exec(version)?.[1] ?? 0);
  } catch {
    return 0;
  }
}
