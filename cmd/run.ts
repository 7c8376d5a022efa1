import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { nodeFlagsOf } from "../internal/platform/config/node-flags.ts";

/**
 * The image's entry point: `run.ts cart` becomes the process
 * `cart`, with Node's flags for it; signals reach it directly.
 */

const [name = "", ...rest] = process.argv.slice(2);
const main = fileURLToPath(new URL(`./${name}/main.ts`, import.meta.url));
if (!/^[a-z-]+$/.test(name) || !existsSync(main)) {
  process.stderr.write(`there is no process "${name.slice(0, 40)}"; name one of the folders of cmd/\n`);
  process.exit(64);
}
const flags = ["--disable-warning=ExperimentalWarning", ...nodeFlagsOf(name)];
process.execve!(process.execPath, [process.execPath, ...flags, main, ...rest], process.env);
