import { expect } from "chai";
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

/** What is written of a replay whose Job has ended, when its pod is known like this. */
async function written(state: "succeeded" | "failed", pod: Partial<PodState>): Promise<ReplayStatus[]> {
  const statuses: ReplayStatus[] = [];
  const none = () => Promise.reject(new Error("not expected"));
  const cluster: Cluster = {
    synced: () => true,
    platforms: () => [PLATFORM],
    replays: () => [REPLAY],
    deployments: () => [],
    pods: () => [{ ...POD, ...pod }],
    jobs: () => [{ name: jobNameOf(REPLAY), component: "outbox-replay", state }],
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

describe("A replay whose Job has ended", () => {
  it("is complete, with what its pod left", async () => {
    const [status] = await written("succeeded", {});
    expect(status).to.include({ phase: "Complete", matched: 3, replayed: 3 });
  });

  it("waits for its pod's end, which another watch may tell later", async () => {
    expect(await written("succeeded", { ended: false, terminationMessage: null })).to.deep.equal([]);
    const [status] = await written("succeeded", { terminationMessage: "" });
    expect(status).to.include({ phase: "Failed" });
  });

  it("has failed with the reason that its pod left", async () => {
    const [status] = await written("failed", { terminationMessage: "the database is away" });
    expect(status?.phase).to.equal("Failed");
    expect(status?.conditions[0]?.message).to.match(/the database is away$/);
  });
});
