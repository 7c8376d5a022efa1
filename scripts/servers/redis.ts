import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { endProcess, send, spawnLogged, waitUntil } from "./child.ts";
import { freePort } from "./free-port.ts";

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

/** Starts Redis as Cartwright wants it: AOF every second, volatile-ttl, small carts in the compact encoding. */
export async function startRedis(options: {
  dir: string;
  port?: number;
  password?: string;
  arguments?: readonly string[];
}): Promise<RedisServer> {
  const port = options.port ?? (await freePort());
  const { dir, password } = options;
  mkdirSync(dir, { recursive: true });
  let pid = 0;

  async function start(): Promise<void> {
    const logFile = join(dir, "redis.log");
    const auth = password === undefined ? [] : ["--requirepass", password];
    const started = spawnLogged(
      "redis-server",
      [
        ...["--port", String(port), "--bind", "127.0.0.1", "--dir", dir, "--save", ""],
        ...["--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "volatile-ttl"],
        ...["--hash-max-listpack-entries", "512", ...auth, ...(options.arguments ?? [])],
      ],
      { logFile },
    );
    pid = started.pid;
    await waitUntil("redis-server", () => ping(port, password), { timeoutMs: 20_000, pid, logFile });
  }

  await start();
  return {
    url: password === undefined ? `redis://127.0.0.1:${port}` : `redis://:${password}@127.0.0.1:${port}`,
    port,
    get pid() {
      return pid;
    },
    kill: (signal) => endProcess(pid, signal),
    signal: (signal) => send(pid, signal),
    start,
    stop: async () => {
      send(pid, "SIGCONT");
      await endProcess(pid, "SIGTERM");
    },
  };
}

async function ping(port: number, password: string | undefined): Promise<void> {
  const { stdout } = await run("redis-cli", ["-h", "127.0.0.1", "-p", String(port), "ping"], {
    env: { ...process.env, ...(password !== undefined && { REDISCLI_AUTH: password }) },
  });
  if (stdout.trim() !== "PONG") throw new Error(stdout.trim());
}

/** Three masters that share the slots, without replicas. */
export async function startRedisCluster(dir: string): Promise<{ url: string; stop(): Promise<void> }> {
  const nodes: RedisServer[] = [];
  try {
    for (let node = 0; node < 3; node++) {
      const cluster = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
      const bus = ["--cluster-port", String(await freePort())];
      nodes.push(await startRedis({ dir: join(dir, `node-${node}`), arguments: [...cluster, ...bus] }));
    }
    const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
    await run("redis-cli", ["--cluster", "create", ...addresses, "--cluster-yes"]);
    for (const { port } of nodes) {
      await waitUntil(
        "the Redis cluster",
        async () => {
          const { stdout } = await run("redis-cli", ["-p", String(port), "cluster", "info"]);
          if (!/cluster_state:ok/.test(stdout)) throw new Error(stdout);
        },
        { timeoutMs: 30_000 },
      );
    }
    return {
      url: `redis://${addresses.join(",")}`,
      stop: async () => void (await Promise.all(nodes.map((node) => node.stop()))),
    };
  } catch (error) {
    await Promise.all(nodes.map((node) => node.stop()));
    throw error;
  }
}
