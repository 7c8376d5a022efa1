import type { KubeObject } from "../platform/kube/objects.ts";
import type { DeploymentState, JobState, PodState } from "./cluster.ts";
import type { RelayTemplate } from "./replay-job.ts";

export interface Deployment extends KubeObject {
  readonly spec: { readonly replicas?: number; readonly template: RelayTemplate };
  readonly status?: { readonly readyReplicas?: number };
}

export interface Pod extends KubeObject {
  readonly spec: {
    readonly containers: readonly {
      readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
    }[];
  };
  readonly status?: {
    readonly podIP?: string;
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly {
      readonly state?: { readonly terminated?: { readonly message?: string } };
    }[];
  };
}

export interface Job extends KubeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** What the operator needs to know of a Deployment. */
export function deploymentState({ metadata, spec, status }: Deployment): DeploymentState {
  return {
    name: metadata.name,
    replicas: spec.replicas ?? 1,
    ready: status?.readyReplicas ?? 0,
    template: spec.template,
  };
}

/** What the operator needs to know of a pod; its metrics are at the port named `admin`. */
export function podState({ metadata, spec, status }: Pod): PodState {
  const port = spec.containers
    .flatMap(({ ports = [] }) => ports)
    .find(({ name }) => name === "admin")?.containerPort;
  const ip = status?.podIP;
  const host = ip?.includes(":") ? `[${ip}]` : ip;
  const running = status?.phase === "Running";
  return {
    name: metadata.name,
    component: metadata.labels?.["app.kubernetes.io/component"] ?? "",
    ready: isTrue(status?.conditions, "Ready"),
    metricsUrl: running && host !== undefined && port !== undefined ? `http://${host}:${port}/metrics` : null,
    job: metadata.labels?.["batch.kubernetes.io/job-name"] ?? null,
    ended: status?.phase === "Succeeded" || status?.phase === "Failed",
    terminationMessage: status?.containerStatuses?.[0]?.state?.terminated?.message ?? null,
  };
}

/** What the operator needs to know of a Job. */
export function jobState({ metadata, status }: Job): JobState {
  const state = isTrue(status?.conditions, "Complete")
    ? "succeeded"
    : isTrue(status?.conditions, "Failed")
      ? "failed"
      : "running";
  return { name: metadata.name, component: metadata.labels?.["app.kubernetes.io/component"] ?? "", state };
}

function isTrue(conditions: readonly { type: string; status: string }[] | undefined, type: string): boolean {
  return conditions?.some((each) => each.type === type && each.status === "True") ?? false;
}
