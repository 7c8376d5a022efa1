import { execFileSync } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { fileURLToPath } from "node:url";

const TREE = process.env.CARTWRIGHT_DEBIAN13 ?? "/var/cache/cartwright/debian13";
const INSTALL = fileURLToPath(new URL("../../../scripts/install-debian13.sh", import.meta.url));

/** A command, and the arguments that come before its own. */
export type Command = readonly [program: string, ...args: string[]];

/**
 * The folder of a Debian 13 with its RabbitMQ 4, Redis 8 and PgBouncer, which
 * is made when it is missing (one to two minutes, once; needs root).
 */
export function debian13(): string {
  execFileSync(INSTALL, { stdio: "inherit" });
  return TREE;
}

/**
 * Runs a program of the tree, such as usr/bin/redis-server, by the tree's own loader and libraries: without
 * chroot, so that its configuration may name files anywhere. Null when the tree does not have it.
 */
export function inDebian13(program: string): Command | null {
  const [loader] = globSync(`${TREE}/usr/lib/*/ld-linux*.so.*`);
  if (loader === undefined || !existsSync(`${TREE}/${program}`)) return null;
  return [loader, "--library-path", loader.slice(0, loader.lastIndexOf("/")), `${TREE}/${program}`];
}
