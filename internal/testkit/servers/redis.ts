import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { endProcess, NOT_STARTED, type ProcessId, send, spawnLogged, waitUntil } from "./child.ts";
import type { Command } from "./debian13.ts";
import { freePort } from "./free-port.ts";
import { redisCommand } from "./redis-release.ts";

const run = promisify(execFile);

/** A Redis of ours on 127.0.0.1. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Sends the signal and resolves when the server is gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Sends a signal that does not end it, such as SIGSTOP. */
  signal(signal: NodeJS.Signals): void;
  /** Starts it again on the same port with the same data. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface RedisOptions {
  readonly dir: string;
  readonly port?: number;
  readonly password?: string;
  /** More lines for its configuration, such as `{ maxmemory: "10mb" }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Default: what REDIS in the environment asks for. */
  readonly command?: Command;
  readonly onSpawn?: ((process: ProcessId) => void) | undefined;
}

/**
 * Starts Redis (see redisCommand) as Cartwright wants it: AOF every second,
 * nothing evicted, small carts in the compact encoding.
 */
export async function startRedis(options: RedisOptions): Promise<RedisServer> {
  const port = options.port ?? (await freePort());
  const { dir, password, onSpawn } = options;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const configFile = join(dir, "redis.conf");
  let server: ProcessId = NOT_STARTED;

  async function start(): Promise<void> {
    const logFile = join(dir, "redis.log");
    writeFileSync(configFile, configuration(port, options), { mode: 0o600 });
    const [program, ...args] = options.command ?? redisCommand();
    server = spawnLogged(program, [...args, configFile], { logFile, onSpawn });
    await waitUntil("redis-server", () => ping(port, password), {
      timeoutMs: 60_000,
      process: server,
      logFile,
    });
  }

  await start();
  return {
    url: password === undefined ? `redis://127.0.0.1:${port}` : `redis://:${password}@127.0.0.1:${port}`,
    port,
    get pid() {
      return server.pid;
    },
    kill: (signal) => endProcess(server, signal),
    signal: (signal) => send(server, signal),
    start,
    stop: async () => {
      send(server, "SIGCONT");
      await endProcess(server, "SIGTERM");
    },
  };
}

/** In a file, not in arguments: those can be read by every user of the machine. */
function configuration(port: number, { dir, password, settings }: RedisOptions): string {
  const lines: Record<string, string> = {
    port: String(port),
    bind: "127.0.0.1",
    dir,
    save: "",
    appendonly: "yes",
    appendfsync: "everysec",
    "maxmemory-policy": "noeviction",
    "hash-max-listpack-entries": "512",
    ...(password !== undefined && { requirepass: password }),
    ...settings,
  };
  return Object.entries(lines)
    .map(([name, value]) => `${name} ${JSON.stringify(value)}\n`)
    .join("");
}

async function ping(port: number, password: string | undefined): Promise<void> {
  const { stdout } = await run("redis-cli", ["-h", "127.0.0.1", "-p", String(port), "ping"], {
    env: { ...process.env, ...(password !== undefined && { REDISCLI_AUTH: password }) },
    timeout: 5_000,
  });
  if (stdout.trim() !== "PONG") throw new Error(stdout.trim());
}
