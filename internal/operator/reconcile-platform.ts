import { isDeepStrictEqual } from "node:util";
import type { Cluster } from "./cluster.ts";
import { conditionsOf, findings } from "./conditions.ts";
import { desiredRelays, type ScalingDecision, type ScalingMemory } from "./desired-relays.ts";
import { type Figures, figuresOf } from "./figures.ts";
import type { OperatorMetrics } from "./metrics.ts";
import {
  type CartPlatform,
  type KeyStatus,
  PAUSE_ANNOTATION,
  type PlatformStatus,
  releaseOf,
} from "./resource.ts";

/** What the rounds of scaling one release remember: kept by the caller, also of a round that failed. */
export interface ScalingState {
  memory: ScalingMemory;
}

/**
 * Brings one release to what its CartPlatform says: asks the pods, decides on the number of
 * relays, and writes the status when it says something new. Safe to repeat; throws when the
 * API server refuses a write.
 */
export async function reconcilePlatform(
  cluster: Cluster,
  platform: CartPlatform,
  keys: readonly KeyStatus[],
  scaling: ScalingState,
  metrics: OperatorMetrics,
): Promise<void> {
  const release = releaseOf(platform);
  const figures = await askPods(cluster, release);
  const relays = await scaleRelays(cluster, platform, figures, scaling, metrics);
  const status = statusOf(cluster, platform, figures, keys, relays);
  if (!isDeepStrictEqual(status, platform.status)) {
    await cluster.writePlatformStatus(platform, status);
    await tellOfConditions(cluster, platform, status);
  }
}

async function askPods(cluster: Cluster, release: string): Promise<Figures> {
  // A pod that was evicted stays as an object, and says nothing any more.
  const pods = cluster
    .pods(release)
    .filter(({ component, ended }) => !ended && (component === "cart" || component === "outbox-relay"));
  return figuresOf(
    await Promise.all(
      pods.map(async ({ component, metricsUrl }) => ({
        component,
        text: metricsUrl === null ? null : await cluster.scrape(metricsUrl),
      })),
    ),
  );
}

async function scaleRelays(
  cluster: Cluster,
  platform: CartPlatform,
  figures: Figures,
  scaling: ScalingState,
  metrics: OperatorMetrics,
): Promise<number> {
  const { deployment, min, max, scaleDownSeconds } = platform.spec.relays;
  const current = cluster.deployments(releaseOf(platform)).find(({ name }) => name === deployment);
  if (!current) return 0;
  const decision = desiredRelays({
    current: current.replicas,
    min,
    max: Math.min(max, platform.spec.shards),
    scaleDownMs: scaleDownSeconds * 1_000,
    paused: platform.metadata.annotations?.[PAUSE_ANNOTATION] === "true",
    figures,
    memory: scaling.memory,
    now: performance.now(),
  });
  if (decision.replicas !== current.replicas) await cluster.scale(deployment, decision.replicas);
  metrics.decisions.inc({ reason: decision.reason });
  const before = scaling.memory.reason;
  scaling.memory = decision.memory;
  await tellOfDecision(cluster, platform, current.replicas, decision, before);
  return decision.replicas;
}

/** Tells of another number or another reason; that all is settled is no news to a new leader. */
async function tellOfDecision(
  cluster: Cluster,
  platform: CartPlatform,
  current: number,
  { replicas, reason, message }: ScalingDecision,
  before: ScalingMemory["reason"],
): Promise<void> {
  const changes = replicas !== current;
  if (!changes && reason === (before ?? "Settled")) return;
  const type = reason === "FiguresMissing" || reason === "BrokerAway" ? "Warning" : "Normal";
  await cluster.event(
    platform,
    type,
    reason,
    changes ? `relays from ${current} to ${replicas}: ${message}` : message,
  );
}

function statusOf(
  cluster: Cluster,
  platform: CartPlatform,
  figures: Figures,
  keys: readonly KeyStatus[],
  relays: number,
): PlatformStatus {
  const release = releaseOf(platform);
  const deployments = cluster
    .deployments(release)
    .map(({ name, replicas, ready }) => ({ name, wanted: replicas, ready: Math.min(ready, replicas) }));
  const pods = cluster.pods(release);
  const found = findings(
    {
      deployments,
      migration: cluster.jobs(release).find(({ component }) => component === "migrate")?.state ?? null,
      schemaSeen: pods.some(
        ({ component, ready }) => ready && (component === "cart" || component === "outbox-relay"),
      ),
    },
    figures,
  );
  const generation = platform.metadata.generation ?? 0;
  const sum = (of: (each: (typeof deployments)[number]) => number) =>
    deployments.reduce((n, each) => n + of(each), 0);
  return {
    observedGeneration: generation,
    conditions: conditionsOf(found, platform.status?.conditions ?? [], generation, new Date().toISOString()),
    ready: `${sum((each) => each.ready)}/${sum((each) => each.wanted)}`,
    relays,
    ...(figures.lagSeconds !== null && { lag: `${roundedLag(figures.lagSeconds)}s` }),
    ...(figures.stagedEvents !== null && { stagedEvents: figures.stagedEvents }),
    ...(figures.pendingEvents !== null && { pendingEvents: figures.pendingEvents }),
    ...(figures.deadEvents !== null && { deadEvents: figures.deadEvents }),
    ...(figures.activeCarts !== null && { activeCarts: figures.activeCarts }),
    keys,
  };
}

/**
 * To whole seconds, and coarser the longer it is: a status
 * that moves with every scrape would be written with each.
 */
function roundedLag(seconds: number): number {
  const step = seconds < 10 ? 1 : seconds < 120 ? 5 : 60;
  return Math.floor(seconds / step) * step;
}

async function tellOfConditions(
  cluster: Cluster,
  platform: CartPlatform,
  status: PlatformStatus,
): Promise<void> {
  for (const condition of status.conditions) {
    const before = platform.status?.conditions.find(({ type }) => type === condition.type);
    if (before?.status === condition.status || condition.status === "Unknown") continue;
    const type = condition.status === "True" ? "Normal" : "Warning";
    await cluster.event(platform, type, `${condition.type}${condition.reason}`, condition.message);
  }
}
