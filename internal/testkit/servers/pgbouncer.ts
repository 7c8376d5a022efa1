import { execFileSync } from "node:child_process";
import { chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { endProcess, type ProcessId, spawnLogged, waitUntil } from "./child.ts";
import { type Command, inDebian13 } from "./debian13.ts";
import { freePort } from "./free-port.ts";
import { serverUser } from "./postgres-data.ts";

/** A PgBouncer of ours on 127.0.0.1. */
export interface PgBouncer {
  /** The URL of a server, but through it. */
  through(url: string): string;
  stop(): Promise<void>;
}

/**
 * A PgBouncer from 1.21 on, which knows prepared statements: the machine's own, else
 * Debian 13's in its tree, where that was made. Null when there is neither.
 */
export function pgBouncerCommand(): Command | null {
  return ownIsRecent() ? ["pgbouncer"] : inDebian13("usr/sbin/pgbouncer");
}

function ownIsRecent(): boolean {
  try {
    const version = execFileSync("pgbouncer", ["--version"], { encoding: "utf8" });
    const [, major, minor] = /PgBouncer (\d+)\.(\d+)/.exec(version) ?? [];
    return Number(major) > 1 || Number(minor) >= 21;
  } catch {
    return false;
  }
}

/**
 * Starts it before the server at `url`, for that URL's user, with few connections to the server, so that
 * clients have to share them. It refuses start-up parameters that it does not know, as it does by default.
 */
export async function startPgBouncer(options: {
  command: Command;
  dir: string;
  url: string;
  mode: "session" | "transaction";
  onSpawn?: (process: ProcessId) => void;
}): Promise<PgBouncer> {
  const { dir, mode, onSpawn } = options;
  const upstream = new URL(options.url);
  const port = await freePort();
  const as = serverUser();
  mkdirSync(dir, { recursive: true });
  const files = {
    users: `"${upstream.username}" "${upstream.password}"\n`,
    "pgbouncer.ini": `[databases]
* = host=${upstream.hostname} port=${upstream.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${join(dir, "users")}
pool_mode = ${mode}
default_pool_size = ${mode === "session" ? 40 : 4}
max_prepared_statements = 100
`,
  };
  if (as) chownSync(dir, as.uid, as.gid);
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(dir, name), text, { mode: 0o600 });
    if (as) chownSync(join(dir, name), as.uid, as.gid);
  }
  const logFile = join(dir, "pgbouncer.log");
  const [program, ...args] = options.command;
  const server = spawnLogged(program, [...args, join(dir, "pgbouncer.ini")], {
    logFile,
    cwd: dir,
    ...(onSpawn && { onSpawn }),
    ...as,
  });
  const through = (url: string) => {
    const via = new URL(url);
    via.host = `127.0.0.1:${port}`;
    return via.href;
  };
  await waitUntil("pgbouncer", () => answers(through(options.url)), {
    timeoutMs: 60_000,
    process: server,
    logFile,
  });
  return { through, stop: () => endProcess(server, "SIGINT") };
}

async function answers(connectionString: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  await client.query("SELECT 1").finally(() => client.end());
}
