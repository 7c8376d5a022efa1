import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { arch, cpus, release, totalmem } from "node:os";
import { ask } from "../../testkit/servers/database.ts";
import { cartEvents } from "./events.ts";
import { NGINX } from "./nginx.ts";
import { PINNING } from "./pin.ts";
import type { Stage } from "./stage.ts";

/**
 * What the figures were measured on, with what, and with how
 * many bytes; absolute numbers mean nothing without it.
 */
export async function aboutRun(stage: Stage) {
  return { machine: machine(), versions: await versions(stage), payloadBytes: payloadBytes() };
}

function machine() {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: `${release()} ${arch()}`,
    loadAverage: readFileSync("/proc/loadavg", "utf8").split(" ").slice(0, 3).map(Number),
    pinning: PINNING,
  };
}

async function versions(stage: Stage): Promise<Record<string, string>> {
  const { rabbitmq_version } = (await stage.rabbit.manage("GET", "overview")) as { rabbitmq_version: string };
  return {
    node: process.versions.node,
    redis: numberIn(execFileSync("redis-server", ["--version"], { encoding: "utf8" })),
    [stage.database.dialect]: await databaseVersion(stage),
    rabbitmq: rabbitmq_version,
    // It prints its version and ends with 1.
    wrk: numberIn(spawnSync("wrk", ["--version"], { encoding: "utf8" }).stdout),
    // On standard error.
    nginx: numberIn(spawnSync(NGINX, ["-v"], { encoding: "utf8" }).stderr ?? ""),
    ...dependenciesOf("../../../package.json", ["express", "http-proxy-middleware", "ioredis", "pg", "rhea"]),
    ...dependenciesOf("./outbox-peers/package.json", ["pg-boss", "graphile-worker"]),
  };
}

async function databaseVersion(stage: Stage): Promise<string> {
  const sql = { postgres: "SELECT version() AS version", sqlserver: "SELECT @@VERSION AS version" };
  const [row] = await ask<{ version: string }>(stage.database.url, sql);
  return stage.database.dialect === "postgres" ? numberIn(row!.version) : row!.version.split("\n")[0]!;
}

function numberIn(text: string): string {
  return /\d+(\.\d+)+/.exec(text)?.[0] ?? text.trim();
}

function dependenciesOf(file: string, names: readonly string[]): Record<string, string> {
  const { dependencies, devDependencies } = JSON.parse(
    readFileSync(new URL(file, import.meta.url), "utf8"),
  ) as { dependencies: Record<string, string>; devDependencies?: Record<string, string> };
  const all = { ...devDependencies, ...dependencies };
  return Object.fromEntries(names.map((name) => [name, all[name]!]));
}

function payloadBytes() {
  const [event] = cartEvents(1);
  return {
    add: JSON.stringify({ productId: "bench-tent-000", quantity: 1 }).length,
    eventOf5Lines: Buffer.byteLength(event!.data),
  };
}
