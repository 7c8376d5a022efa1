import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { type ProcessId, waitUntil } from "./child.ts";
import { freePort } from "./free-port.ts";
import { type RedisServer, startRedis } from "./redis.ts";

const run = promisify(execFile);

/** Three masters that share the slots; with `replica`, a fourth node replicates the first. */
export interface RedisCluster {
  readonly servers: readonly RedisServer[];
  /** `redis://host:port,host:port,host:port` */
  readonly url: string;
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  stop(): Promise<void>;
}

/** Starts a cluster and waits until every node says that all slots are served. */
export async function startRedisCluster(options: {
  dir: string;
  replica?: boolean;
  onSpawn?: ((process: ProcessId) => void) | undefined;
}): Promise<RedisCluster> {
  const servers: RedisServer[] = [];
  const stop = async () => void (await Promise.all(servers.map((server) => server.stop())));
  try {
    for (let node = 0; node < (options.replica ? 4 : 3); node++) {
      const dir = join(options.dir, `node-${node}`);
      const bus = String(await freePort());
      const settings = {
        "cluster-enabled": "yes",
        "cluster-node-timeout": "2000",
        "cluster-port": bus,
      };
      servers.push(await startRedis({ dir, settings, onSpawn: options.onSpawn }));
    }
    const [first, ...others] = servers.map(({ port }) => `127.0.0.1:${port}`);
    const addresses = [first!, ...others.slice(0, 2)];
    await clusterCli("create", ...addresses, "--cluster-yes");
    for (const { port } of servers.slice(0, 3)) await waitUntilServed(port);
    if (options.replica) {
      const master = await nodeId(servers[0]!.port);
      await clusterCli("add-node", others[2]!, first!, "--cluster-slave", "--cluster-master-id", master);
      await waitUntilServed(servers[3]!.port);
    }
    return {
      servers,
      url: `redis://${addresses.join(",")}`,
      nodes: servers.map(({ port }) => ({ host: "127.0.0.1", port })),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Moves this many slots from one node to another while both serve, as an operator does. */
export async function reshard(from: RedisServer, to: RedisServer, slots: number): Promise<void> {
  const [source, target] = [await nodeId(from.port), await nodeId(to.port)];
  const which = ["--cluster-from", source, "--cluster-to", target, "--cluster-slots", String(slots)];
  await clusterCli("reshard", `127.0.0.1:${from.port}`, ...which, "--cluster-yes");
}

async function clusterCli(...args: string[]): Promise<void> {
  await run("redis-cli", ["--cluster", ...args], { timeout: 120_000, maxBuffer: 64 << 20 });
}

async function nodeId(port: number): Promise<string> {
  const { stdout } = await run("redis-cli", ["-p", String(port), "cluster", "myid"], { timeout: 5_000 });
  return stdout.trim();
}

async function waitUntilServed(port: number): Promise<void> {
  const info = async () => {
    const { stdout } = await run("redis-cli", ["-p", String(port), "cluster", "info"], { timeout: 5_000 });
    if (!/cluster_state:ok/.test(stdout)) throw new Error(stdout);
  };
  await waitUntil("the Redis cluster", info, { timeoutMs: 30_000 });
}
