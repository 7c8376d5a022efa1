import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { KubeError } from "../platform/kube/kube-error.ts";
import type { Cluster } from "./cluster.ts";
import { conditionsOf, type Finding } from "./conditions.ts";
import { jobNameOf, replayJob } from "./replay-job.ts";
import { type OutboxReplay, type ReplayStatus, releaseOf } from "./resource.ts";

const result = z.object({ matched: z.number().int().min(0), replayed: z.number().int().min(0) });

/**
 * Runs one replay once: starts its Job, and when that has ended writes what came of it into the status, which
 * stays as the record. A replay that has ended is never run again, nor one of another release than `ours`.
 * Throws when the API server refuses.
 */
export async function reconcileReplay(cluster: Cluster, replay: OutboxReplay, ours?: string): Promise<void> {
  if (replay.status?.phase === "Complete" || replay.status?.phase === "Failed") return;
  const release = releaseOfReplay(cluster, replay);
  if (release === null) {
    await write(cluster, replay, "Running", {
      type: "Ready",
      status: "False",
      reason: "NoPlatform",
      message: "there is no CartPlatform, or several and no label app.kubernetes.io/instance that says which",
    });
    return;
  }
  if (ours !== undefined && release !== ours) return;
  const name = jobNameOf(replay);
  const job = cluster.jobs(release).find((each) => each.name === name);
  if (!job) return begin(cluster, replay, release);
  if (job.state === "running") return;
  await finish(cluster, replay, release, job.state === "succeeded");
}

async function begin(cluster: Cluster, replay: OutboxReplay, release: string): Promise<void> {
  const platform = cluster.platforms().find((each) => releaseOf(each) === release);
  const relay = cluster.deployments(release).find(({ name }) => name === platform?.spec.relays.deployment);
  if (!relay) return; // Seen again when the Deployment appears.
  try {
    await cluster.createJob(replayJob(replay, relay.template, release));
  } catch (err) {
    if (!(err instanceof KubeError && isRefusal(err.code))) throw err;
    return refused(cluster, replay, err);
  }
  await write(cluster, replay, "Running", {
    type: "Ready",
    status: "False",
    reason: "Running",
    message: "the Job is at work",
  });
}

/** Says why there is no Job; throws where another try may be answered otherwise. */
async function refused(cluster: Cluster, replay: OutboxReplay, err: KubeError): Promise<void> {
  const invalid = err.code === 400 || err.code === 422;
  const message = `Job ${jobNameOf(replay)} was refused: ${err.message.slice(0, 300)}`;
  const finding = { type: "Ready", status: "False", reason: "JobRefused", message } as const;
  await write(cluster, replay, invalid ? "Failed" : "Running", finding);
  if (!invalid) throw err;
  await cluster.event(replay, "Warning", "Failed", message);
}

/** 408 and 429 say nothing of the Job itself. */
function isRefusal(code: number): boolean {
  return code >= 400 && code < 500 && code !== 408 && code !== 429;
}

async function finish(
  cluster: Cluster,
  replay: OutboxReplay,
  release: string,
  succeeded: boolean,
): Promise<void> {
  const name = jobNameOf(replay);
  const known = cluster.pods(release).filter(({ job }) => job === name);
  // A watch of pods that is silent knows of none: the verdict is for ever, so the server is asked.
  const pods = known.length > 0 ? known : await cluster.podsOfJob(name);
  const said = pods.map(({ terminationMessage }) => terminationMessage);
  const counts = said.map(parseResult).find((each) => each !== null) ?? null;
  // Jobs and pods come by two watches: the pod's end may be seen after its Job's.
  if (succeeded && !counts && pods.some(({ ended }) => !ended)) return;
  if (succeeded && counts) {
    const matched = `${counts.matched} events match`;
    const message = replay.spec.dryRun === true ? matched : `${matched}, ${counts.replayed} replayed`;
    await write(
      cluster,
      replay,
      "Complete",
      { type: "Ready", status: "True", reason: "Complete", message },
      counts,
    );
    await cluster.event(replay, "Normal", "Complete", message);
    return;
  }
  const reason = said.find((text) => text !== null && text !== "") ?? "see the logs of the Job";
  const message = `Job ${name} ${succeeded ? "left no result" : "failed"}: ${reason.slice(0, 300)}`;
  await write(cluster, replay, "Failed", { type: "Ready", status: "False", reason: "Failed", message });
  await cluster.event(replay, "Warning", "Failed", message);
}

async function write(
  cluster: Cluster,
  replay: OutboxReplay,
  phase: ReplayStatus["phase"],
  finding: Finding,
  counts?: z.infer<typeof result>,
): Promise<void> {
  const now = new Date().toISOString();
  const generation = replay.metadata.generation ?? 0;
  const status: ReplayStatus = {
    observedGeneration: generation,
    phase,
    job: jobNameOf(replay),
    ...counts,
    ...(phase !== "Running" && { completedAt: now }),
    conditions: conditionsOf([finding], replay.status?.conditions ?? [], generation, now),
  };
  if (!isDeepStrictEqual(status, replay.status)) await cluster.writeReplayStatus(replay, status);
}

/** The release named by the label, or the only one of the namespace. */
function releaseOfReplay(cluster: Cluster, replay: OutboxReplay): string | null {
  const platforms = cluster.platforms();
  const named = replay.metadata.labels?.["app.kubernetes.io/instance"];
  if (named !== undefined) return platforms.some((each) => releaseOf(each) === named) ? named : null;
  return platforms.length === 1 ? releaseOf(platforms[0]!) : null;
}

function parseResult(text: string | null): z.infer<typeof result> | null {
  try {
    const parsed = result.safeParse(JSON.parse(text ?? ""));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
