import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "../platform/logger/logger.ts";
import type { Cluster } from "./cluster.ts";
import type { ScalingMemory } from "./desired-relays.ts";
import type { OperatorMetrics } from "./metrics.ts";
import { reconcileKeys } from "./reconcile-keys.ts";
import { reconcilePlatform } from "./reconcile-platform.ts";
import { reconcileReplay } from "./reconcile-replay.ts";

/** The loop that brings the cluster to what the resources say. */
export interface Controller {
  /** Something may have changed: look soon. */
  wake(): void;
  stop(): Promise<void>;
}

/** After a change others often follow; they are looked at together, this much later, in ms. */
const SETTLE_MS = 200;

/**
 * Looks at every resource whenever woken, and every `intervalMs`, while this process leads. Level-triggered:
 * each round starts from the whole state as it is, so a missed or repeated change costs nothing. A resource
 * whose round failed is looked at again with the next, and the others are not held up.
 */
export function startController(options: {
  cluster: Cluster;
  leading: () => boolean;
  intervalMs: number;
  metrics: OperatorMetrics;
  log: Logger;
}): Controller {
  const { cluster, leading, intervalMs, metrics, log } = options;
  const stopping = new AbortController();
  let memories = new Map<string, ScalingMemory>();
  let failing = new Set<string>();
  let woken = Promise.withResolvers<void>();

  async function round(): Promise<void> {
    const kept = new Map<string, ScalingMemory>();
    const failed = new Set<string>();
    for (const platform of cluster.platforms()) {
      const name = platform.metadata.name;
      const memory = memories.get(name) ?? { wanted: [] };
      kept.set(name, memory);
      await guarded("CartPlatform", name, failed, async () => {
        const keys = await reconcileKeys(cluster, platform);
        kept.set(name, await reconcilePlatform(cluster, platform, keys, memory, metrics));
      });
    }
    for (const replay of cluster.replays())
      await guarded("OutboxReplay", replay.metadata.name, failed, () => reconcileReplay(cluster, replay));
    memories = kept;
    failing = failed;
  }

  async function guarded(
    kind: string,
    name: string,
    failed: Set<string>,
    work: () => Promise<void>,
  ): Promise<void> {
    if (!leading()) return;
    const key = `${kind}/${name}`;
    const end = metrics.duration.startTimer({ kind });
    try {
      await work();
      metrics.reconciles.inc({ kind, result: "ok" });
      if (failing.has(key)) log.info({ kind, name }, "reconciled again");
    } catch (err) {
      metrics.reconciles.inc({ kind, result: "failed" });
      if (!failing.has(key)) log.warn({ err, kind, name }, "could not be reconciled; trying again");
      failed.add(key);
    } finally {
      end();
    }
  }

  async function run(): Promise<void> {
    const { signal } = stopping;
    while (!signal.aborted) {
      const waiting = new AbortController();
      const either = AbortSignal.any([signal, waiting.signal]);
      await Promise.race([woken.promise, delay(intervalMs, undefined, { signal: either }).catch(() => {})]);
      waiting.abort();
      await delay(SETTLE_MS, undefined, { signal }).catch(() => {});
      woken = Promise.withResolvers();
      if (!leading()) memories = new Map();
      else if (cluster.synced() && !signal.aborted) await round();
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
