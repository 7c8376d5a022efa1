import { Counter, type Registry } from "../metrics/metrics.ts";

/** Counts the calls of a process to the Kubernetes API. */
export function createCallCounter(registry: Registry): Counter<"verb" | "group" | "resource" | "code"> {
  return new Counter({
    name: "kubernetes_requests_total",
    help: "Calls to the Kubernetes API by what they are to RBAC and their status, 0 without an answer",
    labelNames: ["verb", "group", "resource", "code"] as const,
    registers: [registry],
  });
}
