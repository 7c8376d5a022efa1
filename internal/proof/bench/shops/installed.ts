import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { watch } from "../../../testkit/guard.ts";
import { endProcess, spawnLogged, waitUntil } from "../../../testkit/servers/child.ts";
import { freePort } from "../../../testkit/servers/free-port.ts";
import { onTeardown } from "../../../testkit/servers/test-servers.ts";
import { CPU_OF, pin } from "../pin.ts";
import type { Stage } from "../stage.ts";

const execute = promisify(execFile);
const INSTALL = fileURLToPath(new URL("../../../../scripts/install-shop.sh", import.meta.url));
/** A machine that is busy with other things takes minutes for what takes seconds. */
const PREPARE_MS = 900_000;
const READY_MS = 300_000;

/** A shop's folder outside of the repository, with its packages and our files for it. */
export async function installShop(name: string): Promise<string> {
  const { stdout } = await execute(INSTALL, [name]);
  return stdout.trim();
}

/** Runs Node once in a shop's folder; rejects with the end of what it has printed. */
export async function runOnce(dir: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  try {
    await execute(process.execPath, args, { cwd: dir, env, timeout: PREPARE_MS, maxBuffer: 64 << 20 });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    const end = (stdout + stderr).trimEnd().split("\n").slice(-15).join("\n");
    throw new Error(`${args.join(" ")} failed in ${dir}:\n${end}`, { cause: error });
  }
}

/** Starts a shop's server as one process on the contender's core; ready when `path` answers. */
export async function serveShop(
  stage: Stage,
  shop: {
    name: string;
    dir: string;
    path: string;
    args: (port: number) => readonly string[];
    env: (port: number) => NodeJS.ProcessEnv;
  },
): Promise<{ readonly url: string; readonly pid: number; stop(): Promise<void> }> {
  const { name, dir, path, args, env } = shop;
  const port = await freePort();
  mkdirSync(stage.dir, { recursive: true });
  const logFile = join(stage.dir, `${name}.log`);
  const server = spawnLogged(process.execPath, args(port), {
    logFile,
    cwd: dir,
    env: env(port),
    onSpawn: watch,
  });
  const url = `http://127.0.0.1:${port}`;
  const ready = async () => {
    const answer = await fetch(url + path, { signal: AbortSignal.timeout(10_000) });
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  };
  await waitUntil(name, ready, { timeoutMs: READY_MS, process: server, logFile });
  pin(server.pid, CPU_OF.contender);
  const stop = () => endProcess(server, "SIGTERM");
  onTeardown(stop);
  return { url, pid: server.pid, stop };
}

/** The shop's and the servers of the stage that it uses. */
export function partsOf(stage: Stage, pid: number) {
  const own = (server: number | null) => (server === null ? [] : [server]);
  return { shop: [pid], database: own(stage.database.pid), redis: own(stage.redis.pid) };
}
