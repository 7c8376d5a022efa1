import { expect } from "chai";
import { openCluster } from "../../operator/cluster.kube.ts";
import { startController } from "../../operator/controller.ts";
import { createOperatorMetrics } from "../../operator/metrics.ts";
import {
  createKubeClient,
  type KubeClient,
  type Query,
  type WatchEvent,
} from "../../platform/kube/kube-client.ts";
import { Registry } from "../../platform/metrics/metrics.ts";
import { eventually } from "../../testkit/eventually.ts";
import { type ApiScene, openApiScene } from "../../testkit/kube/api-scene.ts";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import { openShop, RELEASE } from "./shop.ts";

const KIND = "cartwright.dev/v1alpha1/outboxreplays";

/** The same client, but its watches of pods tell of none, as over a connection that was cut unnoticed. */
function deafToPods(client: KubeClient): KubeClient {
  async function* onlyBookmarks<T>(events: AsyncIterable<WatchEvent<T>>): AsyncIterable<WatchEvent<T>> {
    for await (const event of events) if (event.type === "BOOKMARK") yield event;
  }
  return {
    ...client,
    watch: async <T>(path: string, query: Query, signal: AbortSignal) => {
      const events = await client.watch<T>(path, query, signal);
      return path.endsWith("/pods") ? onlyBookmarks(events) : events;
    },
  };
}

describe("A replay that succeeds while the watch of pods is silent", function () {
  this.timeout(400_000);
  let scene: ApiScene;
  const stops: (() => Promise<void>)[] = [];

  before(async function () {
    const opened = await openApiScene();
    if (opened === null) return this.skip();
    scene = opened;
    await openShop(scene);
  });
  after(async () => {
    for (const stop of stops) await stop();
    await scene?.close();
  });

  it("is recorded as complete, with what its pod left", async () => {
    const { log } = recordingLogger();
    const registry = new Registry();
    const config = scene.server.admin();
    const client = deafToPods(
      createKubeClient({ config, fieldManager: "cartwright-operator", registry, log }),
    );
    const { namespace } = scene;
    const leadsFor = () => 10_000;
    const changed = () => controller.wake();
    const cluster = openCluster({ client, namespace, identity: "one", leadsFor, changed, log });
    const leading = () => true;
    const metrics = createOperatorMetrics(registry, leading);
    const controller = startController({ cluster, leading, intervalMs: 1_000, metrics, log });
    stops.push(controller.stop, cluster.close);
    await eventually("the lists were read", () => cluster.synced());

    await scene.create(KIND, {
      apiVersion: "cartwright.dev/v1alpha1",
      kind: "OutboxReplay",
      metadata: { name: "all" },
      spec: { selector: { all: true } },
    });
    const job = (await statusWith("Running")).job;
    await succeed(job);
    expect(await statusWith("Complete")).to.include({ matched: 3, replayed: 3 });
  });

  interface Status {
    readonly phase: string;
    readonly job: string;
  }
  /** The status once it has that phase, or has failed. */
  async function statusWith(phase: string): Promise<Status> {
    const path = scene.path(`${KIND}/all`);
    return eventually(phase, async () => {
      const { status } = await scene.client.get<{ status?: Status }>(path);
      return status && ["Failed", phase].includes(status.phase) ? status : null;
    });
  }

  /** What the cluster would make of the Job: a pod that has ended well, and then the Job. */
  async function succeed(job: string): Promise<void> {
    const labels = {
      "app.kubernetes.io/instance": RELEASE,
      "app.kubernetes.io/part-of": "cartwright",
      "batch.kubernetes.io/job-name": job,
    };
    const terminated = { exitCode: 0, message: '{"matched":3,"replayed":3}' };
    const container = { name: "replay", image: "cartwright:none" };
    await scene.create("pods", {
      metadata: { name: `${job}-1`, labels },
      spec: { schedulerName: "nobody", restartPolicy: "Never", containers: [container] },
      status: {
        phase: "Succeeded",
        containerStatuses: [
          { ...container, imageID: "none", ready: false, restartCount: 0, state: { terminated } },
        ],
      },
    });
    const now = new Date().toISOString().replace(/\.\d+Z/, "Z");
    const condition = (type: string) => ({ type, status: "True", lastTransitionTime: now });
    const conditions = ["SuccessCriteriaMet", "Complete"].map(condition);
    await scene.client.patch(scene.path(`batch/v1/jobs/${job}/status`), "merge-patch+json", {
      status: { startTime: now, completionTime: now, succeeded: 1, conditions },
    });
  }
});
