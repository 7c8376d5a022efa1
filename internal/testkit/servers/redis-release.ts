import { execFileSync } from "node:child_process";
import { type Command, debian13, inDebian13 } from "./debian13.ts";

/**
 * The Redis to start: the machine's own, or for `REDIS=8` in the environment an 8 or later:
 * the machine's own where that is one, else Debian 13's in a tree of its own.
 */
export function redisCommand(asked: string | undefined = process.env.REDIS): Command {
  if (asked !== undefined && asked !== "" && asked !== "8")
    throw new Error(`REDIS=${asked} is not known; 8 asks for Redis 8, nothing for the machine's own`);
  if (asked !== "8" || ownMajor() >= 8) return ["redis-server"];
  inTree ??= fromTree();
  return inTree;
}

let inTree: Command | undefined;

function fromTree(): Command {
  const tree = debian13();
  const command = inDebian13("usr/bin/redis-server");
  if (!command) throw new Error(`${tree} has no Redis that can be run: remove it, to make it anew`);
  return command;
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
