import type { Condition } from "../platform/kube/objects.ts";
import type { Figures } from "./figures.ts";

/** A condition as it was found; when it changed is known only beside the one before. */
export type Finding = Pick<Condition, "type" | "status" | "reason" | "message">;

/** What is known of the Kubernetes side of a release. */
export interface Workloads {
  /** The release's Deployments with the pods wanted and ready. */
  readonly deployments: readonly { readonly name: string; readonly wanted: number; readonly ready: number }[];
  /** The migration Job: null when there is none any more. */
  readonly migration: "running" | "succeeded" | "failed" | null;
  /** True when a pod that waits for the schema is ready. */
  readonly schemaSeen: boolean;
}

/** Lag up to which relays keep up, in seconds. */
const LAG_LIMIT = 30;

/**
 * What to say of a release: `Ready`, `MigrationsApplied`, `RelaysKeepUp`, `NoDeadEvents`, `BrokerConnected`.
 */
export function findings(workloads: Workloads, figures: Figures): Finding[] {
  return [
    ready(workloads),
    migrationsApplied(workloads),
    relaysKeepUp(figures),
    noDeadEvents(figures),
    brokerConnected(figures),
  ];
}

/** The findings as conditions: `lastTransitionTime` moves only when the status does. */
export function conditionsOf(
  found: readonly Finding[],
  before: readonly Condition[],
  generation: number,
  now: string,
): Condition[] {
  return found.map((finding) => {
    const earlier = before.find(({ type }) => type === finding.type);
    const lastTransitionTime = earlier?.status === finding.status ? earlier.lastTransitionTime : now;
    return { ...finding, lastTransitionTime, observedGeneration: generation };
  });
}

function ready({ deployments }: Workloads): Finding {
  const type = "Ready";
  if (deployments.length === 0)
    return {
      type,
      status: "Unknown",
      reason: "NothingFound",
      message: "no Deployment of the release is known",
    };
  const short = deployments.filter((each) => each.ready < each.wanted);
  if (short.length === 0)
    return { type, status: "True", reason: "AllReady", message: "every pod of the release is ready" };
  const message = `not ready: ${short.map((each) => `${each.name} ${each.ready}/${each.wanted}`).join(", ")}`;
  return { type, status: "False", reason: "PodsNotReady", message };
}

function migrationsApplied({ migration, schemaSeen }: Workloads): Finding {
  const type = "MigrationsApplied";
  if (migration === "failed")
    return {
      type,
      status: "False",
      reason: "JobFailed",
      message: "the migration failed: see the logs of its Job",
    };
  if (migration === "succeeded" || schemaSeen)
    return {
      type,
      status: "True",
      reason: "SchemaCurrent",
      message: "the schema is what the pods were built for",
    };
  if (migration === "running")
    return { type, status: "False", reason: "JobRunning", message: "the migration Job is at work" };
  return {
    type,
    status: "Unknown",
    reason: "NotSeen",
    message: "neither the Job nor a ready pod has been seen",
  };
}

function relaysKeepUp({ lagSeconds, partitionsBehind }: Figures): Finding {
  const type = "RelaysKeepUp";
  if (lagSeconds === null) return unknown(type);
  const lag = `the oldest event has waited ${lagSeconds.toFixed(1)} s`;
  if (lagSeconds <= LAG_LIMIT) return { type, status: "True", reason: "LagLow", message: lagLimit() };
  const behind = partitionsBehind === null ? "" : `; ${partitionsBehind} partitions are behind`;
  return { type, status: "False", reason: "Lagging", message: `${lag}${behind}` };
}

/**
 * Without the figure itself: a condition that changes with every scrape would be written with every scrape.
 */
function lagLimit(): string {
  return `no event has waited longer than ${LAG_LIMIT} s`;
}

function noDeadEvents({ deadEvents }: Figures): Finding {
  const type = "NoDeadEvents";
  if (deadEvents === null) return unknown(type);
  return deadEvents === 0
    ? { type, status: "True", reason: "NoneDead", message: "no event is parked" }
    : {
        type,
        status: "False",
        reason: "EventsParked",
        message: `${deadEvents} parked events wait for a replay`,
      };
}

function brokerConnected({ brokerConnected }: Figures): Finding {
  const type = "BrokerConnected";
  if (brokerConnected === null) return unknown(type);
  return brokerConnected
    ? { type, status: "True", reason: "Connected", message: "relays reach the broker" }
    : {
        type,
        status: "False",
        reason: "Disconnected",
        message: "no relay reaches the broker; events wait in the outbox",
      };
}

function unknown(type: string): Finding {
  return { type, status: "Unknown", reason: "NoFigures", message: "no pod that measures it could be asked" };
}
