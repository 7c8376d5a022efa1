import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { type ProcessId, waitUntil } from "./child.ts";
import { freePort } from "./free-port.ts";
import { type RedisServer, startRedis } from "./redis.ts";

const run = promisify(execFile);

/** Three masters that share the slots, without replicas. */
export interface RedisCluster {
  /** `redis://host:port,host:port,host:port` */
  readonly url: string;
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  stop(): Promise<void>;
}

/** Starts a cluster and waits until every node says that all slots are served. */
export async function startRedisCluster(options: {
  dir: string;
  onSpawn?: ((process: ProcessId) => void) | undefined;
}): Promise<RedisCluster> {
  const servers: RedisServer[] = [];
  const stop = async () => void (await Promise.all(servers.map((server) => server.stop())));
  try {
    for (let node = 0; node < 3; node++) {
      const dir = join(options.dir, `node-${node}`);
      const bus = String(await freePort());
      const settings = {
        "cluster-enabled": "yes",
        "cluster-node-timeout": "2000",
        "cluster-port": bus,
      };
      servers.push(await startRedis({ dir, settings, onSpawn: options.onSpawn }));
    }
    const addresses = servers.map(({ port }) => `127.0.0.1:${port}`);
    await run("redis-cli", ["--cluster", "create", ...addresses, "--cluster-yes"], { timeout: 60_000 });
    for (const { port } of servers) await waitUntilServed(port);
    return {
      url: `redis://${addresses.join(",")}`,
      nodes: servers.map(({ port }) => ({ host: "127.0.0.1", port })),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function waitUntilServed(port: number): Promise<void> {
  const info = async () => {
    const { stdout } = await run("redis-cli", ["-p", String(port), "cluster", "info"], { timeout: 5_000 });
    if (!/cluster_state:ok/.test(stdout)) throw new Error(stdout);
  };
  await waitUntil("the Redis cluster", info, { timeoutMs: 30_000 });
}
