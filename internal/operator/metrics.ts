import { Counter, DURATION_BUCKETS, Gauge, Histogram, type Registry } from "../platform/metrics/metrics.ts";

export type OperatorMetrics = ReturnType<typeof createOperatorMetrics>;

/** What the operator counts. */
export function createOperatorMetrics(registry: Registry, leading: () => boolean) {
  const registers = [registry];
  new Gauge({
    name: "operator_leading",
    help: "1 while this process holds the lease and acts, else 0",
    registers,
    collect() {
      this.set(leading() ? 1 : 0);
    },
  });
  return {
    reconciles: new Counter({
      name: "operator_reconciles_total",
      help: "Rounds of bringing a resource to what it says, by how they ended",
      labelNames: ["kind", "result"] as const,
      registers,
    }),
    duration: new Histogram({
      name: "operator_reconcile_duration_seconds",
      help: "How long one round took",
      labelNames: ["kind"] as const,
      buckets: DURATION_BUCKETS,
      registers,
    }),
    decisions: new Counter({
      name: "operator_scaling_decisions_total",
      help: "Decisions about the number of relays, by reason",
      labelNames: ["reason"] as const,
      registers,
    }),
  };
}
