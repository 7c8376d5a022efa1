import { expect } from "chai";
import { Registry } from "../platform/metrics/metrics.ts";
import type { Cluster, DeploymentState, PodState } from "./cluster.ts";
import { createOperatorMetrics } from "./metrics.ts";
import { reconcilePlatform, type ScalingState } from "./reconcile-platform.ts";
import { type CartPlatform, PAUSE_ANNOTATION } from "./resource.ts";

const RELAY = "shop-outbox-relay";
const POD: PodState = {
  name: "relay-1",
  component: "outbox-relay",
  ready: true,
  metricsUrl: "http://relay-1/metrics",
  job: null,
  ended: false,
  terminationMessage: null,
};
/** What the kubelet leaves of a pod that had to make room. */
const EVICTED: PodState = { ...POD, name: "relay-0", ready: false, metricsUrl: null, ended: true };

/** A release with one relay, whose metrics and whose CartPlatform the test changes between rounds. */
function release() {
  const told: string[] = [];
  const state = {
    behind: 0,
    connected: 1,
    answers: true,
    paused: false,
    replicas: 1,
    refusesStatus: false,
    evicted: false,
  };
  const platform = (): CartPlatform => ({
    kind: "CartPlatform",
    metadata: { name: "shop", generation: 1, annotations: { [PAUSE_ANNOTATION]: String(state.paused) } },
    spec: { shards: 8, relays: { deployment: RELAY, min: 1, max: 4, scaleDownSeconds: 60 }, keys: [] },
  });
  const none = () => Promise.reject(new Error("not expected"));
  const cluster: Cluster = {
    synced: () => true,
    platforms: () => [platform()],
    replays: () => [],
    deployments: () => [{ name: RELAY, replicas: state.replicas, ready: 1 } as DeploymentState],
    pods: () => (state.evicted ? [POD, EVICTED] : [POD]),
    jobs: () => [],
    podsOfJob: async () => [],
    scrape: async () =>
      state.answers
        ? `outbox_partitions_behind ${state.behind}\noutbox_broker_connected ${state.connected}\n`
        : null,
    writePlatformStatus: async () => {
      if (state.refusesStatus) throw new Error("refused");
    },
    writeReplayStatus: none,
    scale: async (_deployment, replicas) => {
      state.replicas = replicas;
    },
    createJob: none,
    keySecret: none,
    writeKeySecret: none,
    event: async (_about, type, reason, message) => {
      // The conditions have Events of their own.
      if (!/^(Ready|MigrationsApplied|RelaysKeepUp|NoDeadEvents|BrokerConnected)/.test(reason))
        told.push(`${type} ${reason}: ${message}`);
    },
  };
  const metrics = createOperatorMetrics(new Registry(), () => true);
  const scaling: ScalingState = { memory: { wanted: [] } };
  return {
    state,
    /** One round after a change; resolves with the Events about scaling that it wrote. */
    round: async (change: Partial<typeof state> = {}): Promise<string[]> => {
      Object.assign(state, change);
      await reconcilePlatform(cluster, platform(), [], scaling, metrics).catch(() => {});
      return told.splice(0);
    },
    counted: async () =>
      Object.fromEntries(
        (await metrics.decisions.get()).values.map(({ labels, value }) => [labels.reason, value]),
      ),
  };
}

describe("A decision about the number of relays", () => {
  it("is told in an Event when its reason is another than before, and not again while it lasts", async () => {
    const { round } = release();
    expect(await round(), "all is well at first").to.deep.equal([]);
    expect(await round({ paused: true })).to.deep.equal(["Normal Paused: scaling is paused by annotation"]);
    expect(await round()).to.deep.equal([]);
    expect(await round({ paused: false, answers: false })).to.deep.equal([
      "Warning FiguresMissing: not every relay says how far behind it is; their number stays",
    ]);
    expect(await round()).to.deep.equal([]);
    expect(await round({ answers: true, connected: 0, behind: 4 })).to.deep.equal([
      "Warning BrokerAway: no relay reaches the broker; more of them would not help",
    ]);
    expect(await round({ connected: 1, behind: 0 })).to.deep.equal(["Normal Settled: 1 relay keeps up"]);
    expect(await round()).to.deep.equal([]);
  });

  it("is told whenever it changes the number", async () => {
    const { round, state } = release();
    expect(await round({ behind: 4 })).to.deep.equal([
      "Normal LagGrows: relays from 1 to 2: 4 partitions are behind",
    ]);
    expect(await round()).to.deep.equal(["Normal LagGrows: relays from 2 to 4: 4 partitions are behind"]);
    expect(state.replicas).to.equal(4);
  });

  it("is made without a pod that was evicted, however long its object stays", async () => {
    const { round, state } = release();
    expect(await round({ evicted: true, behind: 4 })).to.deep.equal([
      "Normal LagGrows: relays from 1 to 2: 4 partitions are behind",
    ]);
    expect(state.replicas).to.equal(2);
  });

  it("is told by a new leader too, but for that all is well", async () => {
    const { round } = release();
    expect(await round({ paused: true })).to.have.length(1);
  });

  it("is not told again because the status could not be written", async () => {
    const { round } = release();
    expect(await round({ paused: true, refusesStatus: true })).to.have.length(1);
    expect(await round()).to.deep.equal([]);
  });

  it("is counted each time by its reason", async () => {
    const { round, counted } = release();
    await round();
    await round();
    await round({ behind: 2 });
    await round({ answers: false });
    await round({ answers: true, connected: 0 });
    await round({ paused: true });
    await round({ paused: false, replicas: 9 });
    expect(await counted()).to.deep.equal({
      Settled: 2,
      LagGrows: 1,
      FiguresMissing: 1,
      BrokerAway: 1,
      Paused: 1,
      OutOfBounds: 1,
    });
  });
});
