import { Counter, Gauge, type Registry } from "../../platform/metrics/metrics.ts";

/**
 * What became of one attempt: an answer began; no connection came about, so nothing was sent; the connection
 * went or what came was no HTTP; no answer in time; the client went away.
 */
export type AttemptResult = "answered" | "not_connected" | "no_answer" | "timeout" | "client_gone";

export interface UpstreamMetrics {
  attempt(result: AttemptResult): void;
  retry(reason: AttemptResult): void;
  budgetExhausted(): void;
  ejected(): void;
  /** How many addresses are used, and how many are left out. */
  addresses(used: number, ejected: number): void;
}

/** Registers the metrics of all upstreams; the result gives each upstream its own labels. */
export function createUpstreamMetrics(registry: Registry): (upstream: string) => UpstreamMetrics {
  const registers = [registry];
  const attempts = new Counter({
    name: "gateway_upstream_attempts_total",
    help: "Requests sent to a service behind the gateway, repetitions included, by what became of them",
    labelNames: ["upstream", "result"] as const,
    registers,
  });
  const retries = new Counter({
    name: "gateway_upstream_retries_total",
    help: "Requests sent to a service once more, by what had become of the attempt before",
    labelNames: ["upstream", "reason"] as const,
    registers,
  });
  const exhausted = new Counter({
    name: "gateway_upstream_retry_budget_exhausted_total",
    help: "Requests that might have been sent once more, and were not because the budget was used up",
    labelNames: ["upstream"] as const,
    registers,
  });
  const ejections = new Counter({
    name: "gateway_upstream_ejections_total",
    help: "Addresses of a service left out because they did not answer",
    labelNames: ["upstream"] as const,
    registers,
  });
  const addresses = new Gauge({
    name: "gateway_upstream_addresses",
    help: "Addresses of a service, by whether requests go to them",
    labelNames: ["upstream", "state"] as const,
    registers,
  });
  return (upstream) => {
    const answered = attempts.labels(upstream, "answered");
    // From the start, so that a rate is known before the first.
    for (const reason of ["not_connected", "no_answer"]) retries.inc({ upstream, reason }, 0);
    exhausted.inc({ upstream }, 0);
    ejections.inc({ upstream }, 0);
    return {
      attempt: (result) => (result === "answered" ? answered.inc() : attempts.inc({ upstream, result })),
      retry: (reason) => retries.inc({ upstream, reason }),
      budgetExhausted: () => exhausted.inc({ upstream }),
      ejected: () => ejections.inc({ upstream }),
      addresses: (used, ejected) => {
        addresses.set({ upstream, state: "in_use" }, used);
        addresses.set({ upstream, state: "ejected" }, ejected);
      },
    };
  };
}
