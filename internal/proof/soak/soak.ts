import { setTimeout as delay } from "node:timers/promises";
import { consumeEvents } from "../../testkit/event-consumer.ts";
import { type Platform, type Running, startPlatform } from "../../testkit/processes/platform.ts";
import { ownDatabase, ownRabbit, ownRedis } from "../../testkit/servers/test-servers.ts";
import { CACHE_ENTRIES, fillCaches } from "./fill-caches.ts";
import { INSPECT } from "./inspector.ts";
import { createSamples, type Finding, type Samples } from "./measures.ts";
import { type LoadCounts, startSteadyLoad } from "./steady-load.ts";
import { type WatchedProcess, watchProcess } from "./watched-process.ts";
import { type WatchedServers, watchServers } from "./watched-servers.ts";

/** What a soak has found. */
export interface SoakReport {
  readonly findings: readonly Finding[];
  readonly load: LoadCounts;
  readonly events: number;
  /** Per process: what Node warned of, and where the most listeners were. */
  readonly processes: readonly { name: string; warnings: readonly string[]; mostListenersOn: string }[];
}

/** One round looks at every process from outside and into one of them, in turn. */
const ROUND_MS = 2_000;
const PROGRESS_ROUNDS = 6;

/**
 * Short lives, so that carts expire and rows are purged as
 * fast as they come: a steady state within half a minute.
 */
const SETTINGS = {
  LOG_LEVEL: "warn",
  CART_TTL_SECONDS: "20",
  CART_EXPIRY_GRACE_SECONDS: "30",
  OUTBOX_RETENTION_SECONDS: "10",
  OUTBOX_PURGE_INTERVAL_MS: "2000",
  // A process stands still while it is looked into: that must
  // not look like a Redis or a catalog that does not answer.
  REDIS_TIMEOUT_MS: "10000",
  CATALOG_TIMEOUT_MS: "10000",
};

/**
 * Starts a platform with servers of its own, keeps it under steady load for so
 * many minutes and judges what was sampled. Rejects when a process dies. What
 * it started is stopped with the test servers (testkit/servers.ts).
 */
export async function soak(options: {
  minutes: number;
  perSecond: number;
  cacheEntries?: number;
  say: (line: string) => void;
}): Promise<SoakReport> {
  const { minutes, perSecond, cacheEntries = CACHE_ENTRIES, say } = options;
  const [redis, database, rabbit] = await Promise.all([ownRedis(), ownDatabase(), ownRabbit()]);
  const platform = await startPlatform({
    redisUrl: redis.url,
    database,
    rabbit,
    settings: SETTINGS,
    // Whose caches are to be full.
    gateways: 1,
    relays: 2,
    nodeFlags: [INSPECT],
  });
  let events = 0;
  const consumer = await consumeEvents({
    url: rabbit.consumerUrl,
    queue: "cart.events.demo",
    onEvent: () => events++,
  });
  const processes = await Promise.all(processesOf(platform).map(([name, each]) => watchProcess(name, each)));
  const servers = await watchServers(redis, database, rabbit);

  say(`filling the caches of tokens with ${cacheEntries.toLocaleString("en")} guests`);
  await fillCaches(platform, cacheEntries, (done) => {
    if (done % 10_000 === 0) say(`  ${done.toLocaleString("en")} guests`);
  });
  say(`${perSecond} requests/s for ${minutes} minutes`);
  const load = startSteadyLoad(platform, perSecond);
  const samples = createSamples();
  try {
    await sampleFor(minutes, { processes, servers, samples }, () =>
      say(progress(samples, load.counts(), events)),
    );
  } finally {
    await load.stop();
    await Promise.all([consumer.close(), servers.close()]);
    for (const each of processes) each.close();
  }
  return {
    findings: samples.judge(),
    load: load.counts(),
    events,
    processes: processes.map((each) => ({
      name: each.name,
      warnings: each.warnings(),
      mostListenersOn: each.mostListenersOn(),
    })),
  };
}

function processesOf(platform: Platform): [string, Running][] {
  return [
    ...platform.gateways.map((gateway): [string, Running] => ["gateway", gateway]),
    ...platform.carts.map((cart): [string, Running] => ["cart", cart]),
    ...platform.relays.map((relay, i): [string, Running] => [`relay ${i + 1}`, relay]),
    ["catalog", platform.catalog],
  ];
}

/** As many rounds as fit into the minutes; a slow round delays the next, so their number is what counts. */
async function sampleFor(
  minutes: number,
  what: { processes: readonly WatchedProcess[]; servers: WatchedServers; samples: Samples },
  onProgress: () => void,
): Promise<void> {
  const { processes, servers, samples } = what;
  const startedAt = performance.now();
  const minutesSince = () => (performance.now() - startedAt) / 60_000;
  const rounds = Math.ceil((minutes * 60_000) / ROUND_MS);
  for (let round = 0; round < rounds; round++) {
    const now = minutesSince();
    for (const each of processes) samples.record(each.name, now, each.lookOutside());
    const deep = processes[round % processes.length]!;
    samples.record(deep.name, minutesSince(), await deep.lookInside());
    samples.record(deep.name, minutesSince(), await deep.lookAtMetrics());
    await servers.record(samples, minutesSince());
    if (round % PROGRESS_ROUNDS === PROGRESS_ROUNDS - 1) onProgress();
    await delay(Math.max(0, (round + 1) * ROUND_MS - (performance.now() - startedAt)));
  }
}

function progress(samples: Samples, load: LoadCounts, events: number): string {
  const heap = (name: string) => `${Math.round((samples.latest(name, "heap") ?? 0) / 1_048_576)} MB`;
  return [
    `  ${load.answered} answers (${load.unexpected} unexpected, ${load.underway} underway)`,
    `${events} events`,
    `heap: gateway ${heap("gateway")}, cart ${heap("cart")}, relay ${heap("relay 1")}`,
    `Redis ${samples.latest("redis", "Redis keys")} keys`,
    `outbox ${samples.latest("database", "outbox rows")} rows`,
  ].join(" · ");
}
