import { fetch } from "undici";
import type { KubeClient } from "../platform/kube/kube-client.ts";
import { KubeError } from "../platform/kube/kube-error.ts";
import type { KubeObject } from "../platform/kube/objects.ts";
import { watchList } from "../platform/kube/watched-list.ts";
import type { Logger } from "../platform/logger/logger.ts";
import type { Cluster, KeySecret } from "./cluster.ts";
import { type Deployment, deploymentState, type Job, jobState, type Pod, podState } from "./objects.kube.ts";
import { API_VERSION, type CartPlatform, GROUP, type OutboxReplay, VERSION } from "./resource.ts";

const PART_OF = "app.kubernetes.io/part-of=cartwright";
const PHASE = `${GROUP}/rotation-phase`;
const SINCE = `${GROUP}/rotation-since`;
const ROTATIONS = `${GROUP}/rotations`;
const ASKED = `${GROUP}/rotation-asked`;
const SCRAPE_TIMEOUT_MS = 3_000;
const WRITE_TIMEOUT_MS = 10_000;

interface Secret extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

/**
 * The cluster over its API: five watches in one namespace, and the writes, each given up
 * when this process may no longer lead. `changed` is called after every change seen.
 */
export function openCluster(options: {
  client: KubeClient;
  namespace: string;
  /** Who writes Events. */
  identity: string;
  /** How long this process may yet write, in ms; 0 when another may lead. */
  leadsFor: () => number;
  changed: () => void;
  log: Logger;
}): Cluster & { close(): Promise<void> } {
  const { client, namespace, identity, leadsFor, changed, log } = options;
  const ours = `/apis/${GROUP}/${VERSION}/namespaces/${namespace}`;
  const apps = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  const core = `/api/v1/namespaces/${namespace}`;
  const batch = `/apis/batch/v1/namespaces/${namespace}/jobs`;

  const watching = <T extends KubeObject>(path: string, labelSelector?: string) =>
    watchList<T>({ client, path, changed, ...(labelSelector !== undefined && { labelSelector }) });
  const platforms = watching<CartPlatform>(`${ours}/cartplatforms`);
  const replays = watching<OutboxReplay>(`${ours}/outboxreplays`);
  const deployments = watching<Deployment>(apps, PART_OF);
  const pods = watching<Pod>(`${core}/pods`, PART_OF);
  const jobs = watching<Job>(batch, PART_OF);
  const lists = [platforms, replays, deployments, pods, jobs];

  const alive = <T extends KubeObject>(items: readonly T[]) =>
    items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const ofRelease = <T extends KubeObject>(items: readonly T[], release: string) =>
    alive(items).filter(({ metadata }) => metadata.labels?.["app.kubernetes.io/instance"] === release);

  /** Asked right before each write: a process may have stood still since its round began. */
  function whileLeading(): { timeoutMs: number } {
    const left = Math.min(WRITE_TIMEOUT_MS, Math.floor(leadsFor()));
    if (left <= 0) throw new Error("this process leads no longer; nothing was written");
    return { timeoutMs: left };
  }

  async function writeStatus(
    resource: KubeObject,
    kind: string,
    plural: string,
    status: object,
  ): Promise<void> {
    const { name } = resource.metadata;
    const body = { apiVersion: API_VERSION, kind, metadata: { name, namespace }, status };
    await client.patch(`${ours}/${plural}/${name}/status`, "apply-patch+yaml", body, whileLeading());
  }

  return {
    synced: () => lists.every((list) => list.synced()),
    platforms: () => alive(platforms.items()),
    replays: () => alive(replays.items()),
    deployments: (release) => ofRelease(deployments.items(), release).map(deploymentState),
    pods: (release) => ofRelease(pods.items(), release).map(podState),
    jobs: (release) => ofRelease(jobs.items(), release).map(jobState),
    podsOfJob: async (name) => {
      const query = { labelSelector: `batch.kubernetes.io/job-name=${name}` };
      return (await client.get<{ items: Pod[] }>(`${core}/pods`, query)).items.map(podState);
    },
    scrape: async (url) => {
      try {
        const answer = await fetch(url, { signal: AbortSignal.timeout(SCRAPE_TIMEOUT_MS) });
        return answer.ok ? await answer.text() : null;
      } catch (err) {
        log.debug({ err, url }, "a pod could not be asked for its metrics");
        return null;
      }
    },

    writePlatformStatus: (platform, status) => writeStatus(platform, "CartPlatform", "cartplatforms", status),
    writeReplayStatus: (replay, status) => writeStatus(replay, "OutboxReplay", "outboxreplays", status),
    scale: async (deployment, replicas) => {
      // Applied, not patched: after a scale to 0 the API server records no owner of a patched number.
      const metadata = { name: deployment, namespace };
      const body = { apiVersion: "autoscaling/v1", kind: "Scale", metadata, spec: { replicas } };
      await client.patch(`${apps}/${deployment}/scale`, "apply-patch+yaml", body, whileLeading());
    },
    createJob: async (job) => {
      try {
        await client.create(batch, job, whileLeading());
      } catch (err) {
        if (!(err instanceof KubeError && err.code === 409)) throw err;
      }
    },
    keySecret: async (name) => keySecretOf(await client.get<Secret>(`${core}/secrets/${name}`)),
    writeKeySecret: async (name, { resourceVersion, keys, phase, since, rotations, asked }) => {
      const annotations = {
        [PHASE]: phase,
        [SINCE]: since,
        [ROTATIONS]: String(rotations),
        [ASKED]: asked ?? null,
      };
      const body = { metadata: { resourceVersion, annotations }, stringData: keys };
      await client.patch(`${core}/secrets/${name}`, "merge-patch+json", body, whileLeading());
    },
    event: async (about, type, reason, note) => {
      const { name, uid, resourceVersion } = about.metadata;
      const body = {
        apiVersion: "events.k8s.io/v1",
        kind: "Event",
        metadata: { generateName: `${name.slice(0, 200)}-`, namespace },
        eventTime: new Date().toISOString().replace("Z", "000Z"),
        reportingController: `${GROUP}/operator`,
        reportingInstance: identity,
        action: "Reconcile",
        regarding: { apiVersion: API_VERSION, kind: about.kind, name, namespace, uid, resourceVersion },
        type,
        reason,
        note: note.slice(0, 1_000),
      };
      await client
        .create(`/apis/events.k8s.io/v1/namespaces/${namespace}/events`, body, whileLeading())
        .catch((err: unknown) => log.warn({ err, reason, note }, "an Event could not be written"));
    },
    close: async () => {
      await Promise.all(lists.map((list) => list.stop()));
    },
  };
}

function keySecretOf({ metadata, data = {} }: Secret): KeySecret {
  const entry = (name: string) => {
    const value = data[name];
    if (value === undefined)
      throw new Error(`Secret ${metadata.name} has no entry ${name}; current and previous are needed`);
    return Buffer.from(value, "base64").toString("utf8");
  };
  const notes = metadata.annotations ?? {};
  return {
    resourceVersion: metadata.resourceVersion ?? "",
    keys: { current: entry("current"), previous: entry("previous") },
    phase: notes[PHASE] === "published" ? "published" : "settled",
    since: notes[SINCE] ?? metadata.creationTimestamp ?? new Date(0).toISOString(),
    rotations: Number(notes[ROTATIONS] ?? 0),
    asked: notes[ASKED],
  };
}
