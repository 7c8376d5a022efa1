import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type PostgresServer, startPostgres } from "../../scripts/servers/postgres.ts";
import { type RabbitServer, startRabbit } from "../../scripts/servers/rabbitmq.ts";
import { type RedisServer, startRedis, startRedisCluster } from "../../scripts/servers/redis.ts";

/*
 * Real servers for tests, on free ports, in temporary directories. The shared ones start when first asked for and
 * stop with the test run; a test that kills a server starts one of its own. Nothing survives the run.
 */

const stops: (() => Promise<void>)[] = [];

function tempDir(name: string): string {
  const dir = mkdtempSync(join(tmpdir(), `cartwright-${name}-`));
  stops.push(async () => rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
  return dir;
}

function tracked<T extends { stop(): Promise<void> }>(server: T): T {
  stops.push(() => server.stop());
  return server;
}

function once<T>(start: () => Promise<T>): () => Promise<T> {
  let started: Promise<T> | undefined;
  return () => {
    started ??= start();
    return started;
  };
}

/** Servers of the test's own, for tests that kill or fill them. */
export const ownRedis = async (): Promise<RedisServer> =>
  tracked(await startRedis({ dir: tempDir("redis") }));
export const ownPostgres = async (): Promise<PostgresServer> =>
  tracked(await startPostgres({ dir: tempDir("postgres") }));
export const ownRabbit = async (): Promise<RabbitServer> =>
  tracked(await startRabbit({ dir: tempDir("rabbitmq") }));

/** Servers shared by the whole run. */
export const testRedis = once(ownRedis);
export const testPostgres = once(ownPostgres);
export const testRabbit = once(ownRabbit);
export const testRedisCluster = once(async () => tracked(await startRedisCluster(tempDir("cluster"))));

/** Stops everything that was started here, last first; called by the mocha setup. */
export async function stopServers(): Promise<void> {
  for (let stop = stops.pop(); stop; stop = stops.pop()) {
    await stop().catch((error: unknown) => console.error("a test server could not be stopped", error));
  }
}

/** Has `stop` called at the end of the run, before everything that was started earlier. */
export function onTeardown(stop: () => Promise<void>): void {
  stops.push(stop);
}
