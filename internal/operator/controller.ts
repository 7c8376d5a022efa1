import { setTimeout as delay } from "node:timers/promises";
import { ExponentialBackoff } from "cockatiel";
import { pauseAsked } from "../platform/kube/kube-error.ts";
import type { KubeObject } from "../platform/kube/objects.ts";
import type { Logger } from "../platform/logger/logger.ts";
import type { Cluster } from "./cluster.ts";
import type { OperatorMetrics } from "./metrics.ts";
import { reconcileKeys } from "./reconcile-keys.ts";
import { reconcilePlatform, type ScalingState } from "./reconcile-platform.ts";
import { reconcileReplay } from "./reconcile-replay.ts";
import { releaseOf } from "./resource.ts";

/** The loop that brings the cluster to what the resources say. */
export interface Controller {
  /** Something may have changed: look soon. */
  wake(): void;
  stop(): Promise<void>;
}

/** After a change others often follow; they are looked at together, this much later, in ms. */
const SETTLE_MS = 200;

/** From a second to a minute: so long a resource is left alone after one failure, or many in a row. */
const BACKOFF = new ExponentialBackoff({ initialDelay: 1_000, maxDelay: 60_000 });

interface Failure {
  readonly attempt: ReturnType<typeof BACKOFF.next>;
  /** By the monotonic clock, in ms. */
  readonly notBefore: number;
}

/**
 * Looks at every resource whenever woken, and every `intervalMs`, while this process leads. Level-triggered:
 * each round starts from the whole state as it is, so a missed or repeated change costs nothing. A resource
 * whose round failed is left alone for a while, as long as the server asks or with backoff, whoever wakes;
 * the others are not held up, nor is a platform by its keys.
 */
export function startController(options: {
  cluster: Cluster;
  /** The one to look after, as others in the namespace have operators of their own; without it all. */
  release?: string | undefined;
  leading: () => boolean;
  intervalMs: number;
  metrics: OperatorMetrics;
  log: Logger;
}): Controller {
  const { cluster, release, leading, intervalMs, metrics, log } = options;
  const stopping = new AbortController();
  let scalings = new Map<string, ScalingState>();
  const failures = new Map<string, Failure>();
  let woken = Promise.withResolvers<void>();

  async function round(): Promise<void> {
    const kept = new Map<string, ScalingState>();
    const platforms = cluster
      .platforms()
      .filter((each) => release === undefined || releaseOf(each) === release);
    const replays = cluster.replays();
    forget([
      ...platforms.flatMap((each) => [keyOf("Keys", each), keyOf("CartPlatform", each)]),
      ...replays.map((each) => keyOf("OutboxReplay", each)),
    ]);
    for (const platform of platforms) {
      const name = platform.metadata.name;
      const scaling = scalings.get(name) ?? { memory: { wanted: [] } };
      kept.set(name, scaling);
      // Apart from the rest: a Secret that is missing or damaged must not stop the scaling.
      let keys = platform.status?.keys ?? [];
      await guarded("Keys", platform, async () => {
        keys = await reconcileKeys(cluster, platform);
      });
      await guarded("CartPlatform", platform, () =>
        reconcilePlatform(cluster, platform, keys, scaling, metrics),
      );
    }
    for (const replay of replays)
      await guarded("OutboxReplay", replay, () => reconcileReplay(cluster, replay, release));
    scalings = kept;
  }

  /** What is gone fails no longer. */
  function forget(present: readonly string[]): void {
    for (const key of failures.keys()) if (!present.includes(key)) failures.delete(key);
  }

  async function guarded(kind: string, resource: KubeObject, work: () => Promise<void>): Promise<void> {
    const key = keyOf(kind, resource);
    const { name } = resource.metadata;
    const failure = failures.get(key);
    if (!leading() || (failure && performance.now() < failure.notBefore)) return;
    const end = metrics.duration.startTimer({ kind });
    try {
      await work();
      metrics.reconciles.inc({ kind, result: "ok" });
      if (failures.delete(key)) log.info({ kind, name }, "reconciled again");
    } catch (err) {
      metrics.reconciles.inc({ kind, result: "failed" });
      if (!failure && leading()) log.warn({ err, kind, name }, "could not be reconciled; trying again");
      const attempt = failure ? failure.attempt.next(undefined) : BACKOFF.next();
      const pauseMs = Math.max(pauseAsked(err), attempt.duration);
      failures.set(key, { attempt, notBefore: performance.now() + pauseMs });
    } finally {
      end();
    }
  }

  /** Until the next round, when nobody wakes: the interval, or less where a failure waits for another try. */
  function pause(): number {
    const next = [...failures.values()].map(({ notBefore }) => notBefore - performance.now());
    return Math.max(0, Math.min(intervalMs, ...next));
  }

  async function run(): Promise<void> {
    const { signal } = stopping;
    while (!signal.aborted) {
      const waiting = new AbortController();
      const either = AbortSignal.any([signal, waiting.signal]);
      await Promise.race([woken.promise, delay(pause(), undefined, { signal: either }).catch(() => {})]);
      waiting.abort();
      await delay(SETTLE_MS, undefined, { signal }).catch(() => {});
      woken = Promise.withResolvers();
      if (!leading()) {
        scalings = new Map();
        failures.clear();
      }
      if (leading() && cluster.synced() && !signal.aborted) await round();
    }
  }

  const running = run();
  return {
    wake: () => woken.resolve(),
    stop: async () => {
      stopping.abort();
      woken.resolve();
      await running;
    },
  };
}

function keyOf(kind: string, { metadata }: KubeObject): string {
  return `${kind}/${metadata.name}`;
}
