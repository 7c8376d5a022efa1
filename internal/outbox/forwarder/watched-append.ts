import type { EventEnvelope } from "../../platform/event/event.ts";
import type { ForwarderMetrics } from "../metrics.ts";
import type { OutboxWriter } from "../store/store.ts";
import type { BatchSize } from "./batch-size.ts";
import type { Outage } from "./outage.ts";

/**
 * Appends a batch and returns the partitions it left out, counted and watched: batches are so small that one
 * which takes longer than requests wait (`commitTimeoutMs`) is stuck, and told as an outage.
 */
export function createWatchedAppend(options: {
  store: Pick<OutboxWriter, "appendWhereFree">;
  outage: Outage;
  size: BatchSize;
  metrics: ForwarderMetrics;
  commitTimeoutMs: number;
}): OutboxWriter["appendWhereFree"] {
  const { store, outage, size, metrics, commitTimeoutMs } = options;
  return async (events: readonly EventEnvelope[]) => {
    const startedAt = performance.now();
    const watchdog = setTimeout(
      () => outage.begin(new Error("a commit takes longer than requests may wait")),
      commitTimeoutMs,
    );
    try {
      const busy = await store.appendWhereFree(events);
      const left = busy.length === 0 ? 0 : events.filter((event) => busy.includes(event.partition)).length;
      if (left < events.length) metrics.commits.inc();
      metrics.forwarded.inc(events.length - left);
      size.succeeded(events.length - left, performance.now() - startedAt);
      return busy;
    } finally {
      clearTimeout(watchdog);
    }
  };
}
