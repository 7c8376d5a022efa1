import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keep, watch } from "../guard.ts";
import { chosenDialect, type DatabaseServer, sqlServerUrl } from "./database.ts";
import { type JaegerServer, startJaeger } from "./jaeger.ts";
import { type KubeApiServer, reachKubeApiServer, startKubeApiServer } from "./kube-api-server.ts";
import { type PgBouncer, pgBouncerCommand, startPgBouncer } from "./pgbouncer.ts";
import { type PostgresServer, startPostgres } from "./postgres.ts";
import { type PrometheusServer, startPrometheus } from "./prometheus.ts";
import { type RabbitServer, startRabbit } from "./rabbitmq.ts";
import type { RabbitTls } from "./rabbitmq-files.ts";
import { type RedisOptions, type RedisServer, startRedis } from "./redis.ts";
import { type RedisCluster, startRedisCluster } from "./redis-cluster.ts";
import { reachSqlServer } from "./sqlserver.ts";

/*
 * Real servers for tests, on free ports, in temporary directories. The shared ones start when first asked for
 * and stop with the test run; a test that kills a server starts one of its own. Nothing survives the run.
 */

const stops: (() => Promise<void>)[] = [];

/** A directory that is removed at the end of the run, after everything that was started later has stopped. */
export function tempDir(name: string): string {
  const dir = mkdtempSync(join(tmpdir(), `cartwright-${name}-`));
  watch({ dir });
  onTeardown(async () => rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
  return dir;
}

const logDirs = new Set<string>();

/** A directory for logs: removed at the end of the run, but kept and named when a test has failed. */
export function logDir(name: string): string {
  const dir = mkdtempSync(join(tmpdir(), `cartwright-${name}-`));
  watch({ dir });
  logDirs.add(dir);
  onTeardown(async () => {
    if (logDirs.has(dir)) rmSync(dir, { recursive: true, force: true });
  });
  return dir;
}

/** Tells that a test has failed: the logs stay. Done at once, because a worker of mocha has no teardown. */
export function noteFailure(): void {
  for (const dir of logDirs) {
    keep(dir);
    console.error(`  the logs are kept in ${dir}`);
  }
  logDirs.clear();
}

function tracked<T extends { stop(): Promise<void> }>(server: T): T {
  onTeardown(() => server.stop());
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
export const ownRedis = async (settings: RedisOptions["settings"] = {}): Promise<RedisServer> =>
  tracked(await startRedis({ dir: tempDir("redis"), settings, onSpawn: watch }));
export const ownPostgres = async (): Promise<PostgresServer> =>
  tracked(await startPostgres({ dir: tempDir("postgres"), onSpawn: watch }));
/** A server of the run's dialect (see chosenDialect): of a SQL Server, a gate before it. */
export const ownDatabase = async (): Promise<DatabaseServer> => {
  const url = sqlServerUrl();
  return chosenDialect() === "sqlserver" && url ? tracked(await reachSqlServer(url)) : ownPostgres();
};
export const ownRabbit = async (more: { tls?: RabbitTls } = {}): Promise<RabbitServer> =>
  tracked(await startRabbit({ dir: tempDir("rabbitmq"), onSpawn: watch, ...more }));
/** A Prometheus of the test's own, without any past. */
export const ownPrometheus = async (
  targets: readonly URL[],
  rules: readonly string[] = [],
): Promise<PrometheusServer> =>
  tracked(await startPrometheus({ dir: tempDir("prometheus"), targets, rules, onSpawn: watch }));
/** `command` is a Jaeger all-in-one. */
export const ownJaeger = async (command: string): Promise<JaegerServer> =>
  tracked(await startJaeger({ command, dir: tempDir("jaeger"), onSpawn: watch }));
/** A PgBouncer before the server at `url`; null where none is that knows prepared statements. */
export const ownPgBouncer = async (
  url: string,
  mode: "session" | "transaction",
): Promise<PgBouncer | null> => {
  const command = pgBouncerCommand();
  return (
    command &&
    tracked(await startPgBouncer({ command, dir: tempDir("pgbouncer"), url, mode, onSpawn: watch }))
  );
};
/** A cluster of the test's own; its first master has a replica, the last of its servers. */
export const ownRedisCluster = async (): Promise<RedisCluster> =>
  tracked(await startRedisCluster({ dir: tempDir("cluster"), replica: true, onSpawn: watch }));

/** Servers shared by the whole run. */
export const testRedis = once(() => ownRedis());
export const testPostgres = once(ownPostgres);
export const testDatabase = once(ownDatabase);
export const testRabbit = once(() => ownRabbit());
export const testRedisCluster = once(async () =>
  tracked(await startRedisCluster({ dir: tempDir("cluster"), onSpawn: watch })),
);

/**
 * A Kubernetes API server: of the binaries in KUBEBUILDER_ASSETS (etcd, kube-apiserver), else that of
 * KUBECONFIG; null, and one line that says so, where neither is set.
 */
export const testKubeApiServer = once(async (): Promise<KubeApiServer | null> => {
  const { KUBEBUILDER_ASSETS: assets, KUBECONFIG: file } = process.env;
  if (assets) return tracked(await startKubeApiServer({ assets, dir: tempDir("kube"), onSpawn: watch }));
  if (file) return reachKubeApiServer(file);
  console.error(
    "      nothing runs on a Kubernetes API server: neither KUBEBUILDER_ASSETS nor KUBECONFIG is set",
  );
  return null;
});

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
