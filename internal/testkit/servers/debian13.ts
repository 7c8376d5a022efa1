import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const TREE = process.env.CARTWRIGHT_DEBIAN13 ?? "/var/cache/cartwright/debian13";
const INSTALL = fileURLToPath(new URL("../../../scripts/install-debian13.sh", import.meta.url));

/**
 * The folder of a Debian 13 with its RabbitMQ 4 and Redis 8, which is made
 * when it is missing (one to two minutes, once; needs root).
 */
export function debian13(): string {
  execFileSync(INSTALL, { stdio: "inherit" });
  return TREE;
}
