import { expect } from "chai";
import { KubeError } from "../platform/kube/kube-error.ts";
import type { Cluster, PodState } from "./cluster.ts";
import { reconcileReplay } from "./reconcile-replay.ts";
import { jobNameOf } from "./replay-job.ts";
import type { CartPlatform, OutboxReplay, ReplayStatus } from "./resource.ts";

const PLATFORM: CartPlatform = {
  kind: "CartPlatform",
  metadata: { name: "shop" },
  spec: { shards: 4, relays: { deployment: "relay", min: 1, max: 4, scaleDownSeconds: 60 }, keys: [] },
};
const REPLAY: OutboxReplay = {
  kind: "OutboxReplay",
  metadata: { name: "all", uid: "01a21269", generation: 1 },
  spec: { selector: { all: true } },
};
const POD: PodState = {
  name: "pod",
  component: "outbox-replay",
  ready: false,
  metricsUrl: null,
  job: jobNameOf(REPLAY),
  ended: true,
  terminationMessage: '{"matched":3,"replayed":3}',
};

/** What is written of a replay whose Job has ended, when the watch and the server know these pods. */
async function written(
  state: "succeeded" | "failed",
  watched: readonly Partial<PodState>[],
  listed: readonly Partial<PodState>[] = watched,
): Promise<ReplayStatus[]> {
  const statuses: ReplayStatus[] = [];
  const none = () => Promise.reject(new Error("not expected"));
  const cluster: Cluster = {
    synced: () => true,
    platforms: () => [PLATFORM],
    replays: () => [REPLAY],
    deployments: () => [],
    pods: () => watched.map((pod) => ({ ...POD, ...pod })),
    jobs: () => [{ name: jobNameOf(REPLAY), component: "outbox-replay", state }],
    podsOfJob: async () => listed.map((pod) => ({ ...POD, ...pod })),
    scrape: none,
    writePlatformStatus: none,
    writeReplayStatus: async (_replay, status) => void statuses.push(status),
    scale: none,
    createJob: none,
    keySecret: none,
    writeKeySecret: none,
    event: async () => {},
  };
  await reconcileReplay(cluster, REPLAY);
  return statuses;
}

/** What is written of a replay whose Job is refused, or taken when that is null; and whether it fails. */
async function begun(refusal: KubeError | null, before?: ReplayStatus) {
  const statuses: ReplayStatus[] = [];
  const none = () => Promise.reject(new Error("not expected"));
  const template = { spec: { containers: [{ name: "outbox-relay", image: "cartwright:1" }] } };
  const cluster: Cluster = {
    synced: () => true,
    platforms: () => [PLATFORM],
    replays: () => [],
    deployments: () => [{ name: "relay", replicas: 1, ready: 1, template }],
    pods: () => [],
    jobs: () => [],
    podsOfJob: none,
    scrape: none,
    writePlatformStatus: none,
    writeReplayStatus: async (_replay, status) => void statuses.push(status),
    scale: none,
    createJob: () => (refusal ? Promise.reject(refusal) : Promise.resolve()),
    keySecret: none,
    writeKeySecret: none,
    event: async () => {},
  };
  const replay = { ...REPLAY, ...(before && { status: before }) };
  const thrown = await reconcileReplay(cluster, replay).then(
    () => null,
    (err: unknown) => err,
  );
  return { status: statuses[0], thrown };
}

describe("A replay whose Job is refused", () => {
  it("has failed with the reason when no other try can do better", async () => {
    const { status, thrown } = await begun(new KubeError(422, "Invalid", "its name is invalid", 0));
    expect([status?.phase, thrown]).to.deep.equal(["Failed", null]);
    expect(status?.conditions[0]).to.include({ status: "False", reason: "JobRefused" });
    expect(status?.conditions[0]?.message).to.match(/its name is invalid$/);
  });

  it("says why while it is tried again, and no longer once the Job is there", async () => {
    const refusal = new KubeError(403, "Forbidden", "exceeded quota", 0);
    const { status, thrown } = await begun(refusal);
    expect([status?.phase, thrown]).to.deep.equal(["Running", refusal]);
    expect(status?.conditions[0]?.message).to.match(/exceeded quota$/);
    const after = await begun(null, status);
    expect([after.thrown, after.status?.conditions[0]?.message]).to.deep.equal([null, "the Job is at work"]);
  });

  it("says nothing of a server that is busy or away", async () => {
    for (const code of [429, 503]) {
      const refusal = new KubeError(code, "", "later", 0);
      expect(await begun(refusal)).to.deep.equal({ status: undefined, thrown: refusal });
    }
  });
});

describe("A replay whose Job has ended", () => {
  it("is complete, with what its pod left", async () => {
    const [status] = await written("succeeded", [{}]);
    expect(status).to.include({ phase: "Complete", matched: 3, replayed: 3 });
  });

  it("waits for its pod's end, which another watch may tell later", async () => {
    expect(await written("succeeded", [{ ended: false, terminationMessage: null }])).to.deep.equal([]);
    const [status] = await written("succeeded", [{ terminationMessage: "" }]);
    expect(status).to.include({ phase: "Failed" });
  });

  it("is complete though the watch of pods has told of none", async () => {
    const [status] = await written("succeeded", [], [{}]);
    expect(status).to.include({ phase: "Complete", matched: 3, replayed: 3 });
    expect(await written("succeeded", [], [{ ended: false, terminationMessage: null }])).to.deep.equal([]);
  });

  it("has failed when its pods are gone with what they left", async () => {
    const [status] = await written("succeeded", [], []);
    expect(status?.conditions[0]?.message).to.match(/left no result/);
  });

  it("has failed with the reason that its pod left", async () => {
    const [status] = await written("failed", [{ terminationMessage: "the database is away" }]);
    expect(status?.phase).to.equal("Failed");
    expect(status?.conditions[0]?.message).to.match(/the database is away$/);
  });
});
