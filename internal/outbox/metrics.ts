import { createTracedHistogram, type TracedHistogram } from "../platform/metrics/exemplars.ts";
import { Counter, DURATION_BUCKETS, Gauge, Histogram, type Registry } from "../platform/metrics/metrics.ts";

export interface ForwarderMetrics {
  readonly commits: Counter;
  readonly forwarded: Counter;
  readonly streamReads: Counter;
  readonly commitTimeouts: Counter;
  readonly quarantined: Counter;
  readonly commitDuration: Histogram;
}

/** Registers what a forwarder counts, durations in seconds. Throws when `registry` has it already. */
export function createForwarderMetrics(registry: Registry): ForwarderMetrics {
  const registers = [registry];
  return {
    commits: new Counter({
      name: "outbox_commits_total",
      help: "SQL transactions that committed staged events",
      registers,
    }),
    forwarded: new Counter({
      name: "outbox_forwarded_events_total",
      help: "Staged events committed to SQL",
      registers,
    }),
    streamReads: new Counter({
      name: "outbox_stream_reads_total",
      help: "Times a shard's staging stream had to be read because memory did not have it all",
      registers,
    }),
    commitTimeouts: new Counter({
      name: "outbox_commit_timeouts_total",
      help: "Requests answered before their event was committed",
      registers,
    }),
    quarantined: new Counter({
      name: "outbox_quarantined_total",
      help: "Staged entries that the database refuses for what they are, parked as dead events",
      registers,
    }),
    commitDuration: new Histogram({
      name: "outbox_commit_duration_seconds",
      help: "Duration of one group commit, reading of the streams included",
      buckets: DURATION_BUCKETS,
      registers,
    }),
  };
}

export interface RelayMetrics {
  readonly published: Counter<"result">;
  readonly latency: TracedHistogram<never>;
  readonly owned: Gauge;
  readonly inFlight: Gauge;
  readonly behind: Gauge;
  readonly deferred: Counter<"reason">;
  readonly troubledKeys: Gauge;
}

/** Registers what a relay counts, latencies in seconds. Throws when `registry` has it already. */
export function createRelayMetrics(registry: Registry): RelayMetrics {
  const registers = [registry];
  const published = new Counter({
    name: "outbox_publish_total",
    help: "Attempts to publish by outcome: accepted, deferred (the broker's state), refused (the message), unknown, dead",
    labelNames: ["result"] as const,
    registers,
  });
  const deferred = new Counter({
    name: "outbox_deferred_total",
    help: "Attempts that the broker's state forbade: full, unavailable, unroutable, reset",
    labelNames: ["reason"] as const,
    registers,
  });
  // Counted from 0, so that a rate is known before the first.
  for (const result of ["accepted", "deferred", "refused", "unknown", "dead"]) published.inc({ result }, 0);
  for (const reason of ["full", "unavailable", "unroutable", "reset"]) deferred.inc({ reason }, 0);
  return {
    published,
    deferred,
    latency: createTracedHistogram({
      name: "outbox_publish_latency_seconds",
      help: "From the change to the broker's acceptance of its event",
      buckets: [
        0.001, 0.0025, 0.005, 0.0075, 0.01, 0.0125, 0.015, 0.0175, 0.02, 0.025, 0.03, 0.035, 0.05, 0.1, 0.25,
        0.5, 1, 2.5, 5, 10, 30, 60, 300,
      ],
      registry,
    }),
    owned: new Gauge({
      name: "outbox_partitions_owned",
      help: "Partitions this relay holds a lease for",
      registers,
    }),
    behind: new Gauge({
      name: "outbox_partitions_behind",
      help: "Partitions of this relay that move, of which more waits than it could read at once: another relay would help",
      registers,
    }),
    inFlight: new Gauge({ name: "outbox_in_flight", help: "Events sent and not yet answered", registers }),
    troubledKeys: new Gauge({
      name: "outbox_troubled_keys",
      help: "Routing keys whose events wait because the broker does not take them at present",
      registers,
    }),
  };
}

/** Whether the publisher of this process can send. */
export function createBrokerGauge(registry: Registry): Gauge {
  return new Gauge({
    name: "outbox_broker_connected",
    help: "1 while events can be sent to the broker, else 0",
    registers: [registry],
  });
}

/** Dead events that this process has deleted after their retention. */
export function createDeadPurgedCounter(registry: Registry): Counter {
  return new Counter({
    name: "outbox_dead_purged_total",
    help: "Dead events deleted after their retention: never published",
    registers: [registry],
  });
}

/** Published events that this process has deleted after their retention. */
export function createPurgedCounter(registry: Registry): Counter {
  return new Counter({
    name: "outbox_purged_total",
    help: "Published events deleted after their retention",
    registers: [registry],
  });
}
