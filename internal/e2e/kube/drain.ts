import { eventually } from "../../testkit/eventually.ts";
import type { Namespace } from "../../testkit/kube/namespace.ts";
import type { Ran } from "../../testkit/kube/tool.ts";

/** Asks for a pod's eviction, as `kubectl drain` does for each pod of a node; a budget may forbid it. */
export function evict(namespace: Namespace, pod: string): Promise<Ran> {
  const eviction = {
    apiVersion: "policy/v1",
    kind: "Eviction",
    metadata: { name: pod, namespace: namespace.name },
  };
  const path = `/api/v1/namespaces/${namespace.name}/pods/${pod}/eviction`;
  return namespace.tryKubectl(["create", "--raw", path, "-f", "-"], { input: JSON.stringify(eviction) });
}

/** Evicts the pods of a component one after the other, each as soon as the budget allows it. */
export async function drain(namespace: Namespace, component: string): Promise<void> {
  for (const pod of (await namespace.pods(component)).values()) {
    await eventually(`${pod} is evicted`, async () => (await evict(namespace, pod)).code === 0, {
      timeoutMs: 180_000,
      intervalMs: 1_000,
    });
  }
}
