import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { KubeError } from "../platform/kube/kube-error.ts";
import type { KubeObject } from "../platform/kube/objects.ts";
import { Registry } from "../platform/metrics/metrics.ts";
import { eventually } from "../testkit/eventually.ts";
import { recordingLogger } from "../testkit/recording-logger.ts";
import type { Cluster } from "./cluster.ts";
import { type Controller, startController } from "./controller.ts";
import { createOperatorMetrics } from "./metrics.ts";
import type { CartPlatform, OutboxReplay, PlatformStatus } from "./resource.ts";

const platform = (name: string): CartPlatform => ({
  kind: "CartPlatform",
  metadata: { name, generation: 1 },
  spec: {
    shards: 4,
    relays: { deployment: `${name}-outbox-relay`, min: 1, max: 4, scaleDownSeconds: 60 },
    keys: [],
  },
});

/** A cluster with two platforms and no pods, which refuses the status of `shop` as often as it is told to. */
function refusingCluster(refusals: number, refusal: Error) {
  const written: string[] = [];
  const tried: number[] = [];
  const cluster: Cluster = {
    synced: () => true,
    platforms: () => [platform("shop"), platform("other")],
    replays: () => [],
    deployments: () => [],
    pods: () => [],
    jobs: () => [],
    podsOfJob: async () => [],
    scrape: async () => null,
    writePlatformStatus: async ({ metadata: { name } }) => {
      if (name === "shop") tried.push(performance.now());
      if (name === "shop" && tried.length <= refusals) throw refusal;
      written.push(name);
    },
    writeReplayStatus: async () => {},
    scale: async () => {},
    createJob: async () => {},
    keySecret: () => Promise.reject(new Error("no keys")),
    writeKeySecret: async () => {},
    event: async () => {},
  };
  return { cluster, written, tried };
}

describe("The controller, when writes are refused or a Secret is missing", () => {
  let controller: Controller;
  afterEach(() => controller.stop());

  function start(cluster: Cluster, leading = () => true, release?: string) {
    const { log, lines } = recordingLogger();
    const metrics = createOperatorMetrics(new Registry(), leading);
    controller = startController({ cluster, release, leading, intervalMs: 100, metrics, log });
    return lines;
  }

  it("leaves the resource alone for as long as the server asks, whoever wakes, and goes on with others", async () => {
    const { cluster, written, tried } = refusingCluster(
      1,
      new KubeError(429, "TooManyRequests", "busy", 2_000),
    );
    const lines = start(cluster);
    const waking = setInterval(() => controller.wake(), 10);
    await eventually("it is tried again", () => tried.length >= 2);
    clearInterval(waking);
    expect(tried[1]! - tried[0]!).to.be.at.least(1_990);
    expect(written.filter((name) => name === "other").length).to.be.above(3);
    await eventually("it says that all is well", () => lines.length === 2);
    expect(lines.map(({ level, name }) => [level, name])).to.deep.equal([
      ["warn", "shop"],
      ["info", "shop"],
    ]);
  });

  it("tries ever less often while it fails, and says so once", async () => {
    const { cluster, tried } = refusingCluster(1_000, new TypeError("fetch failed"));
    const lines = start(cluster);
    await eventually("it is tried three times", () => tried.length >= 3);
    await delay(1_000);
    expect(tried.length).to.be.below(9);
    expect(lines.map(({ level }) => level)).to.deep.equal(["warn"]);
  });

  it("scales and reports while the Secret of a key cannot be read, and keeps what it knew of the keys", async () => {
    const known = { phase: "settled", since: "2026-01-01T00:00:00.000Z", rotations: 2 } as const;
    const keys = ["gone", "kept"].map((secret) => ({ secret, everyHours: 1, overlapSeconds: 60 }));
    const shop = platform("shop");
    const statuses: PlatformStatus[] = [];
    const lines = start({
      ...refusingCluster(0, new Error("none")).cluster,
      platforms: () => [
        {
          ...shop,
          spec: { ...shop.spec, keys },
          status: { conditions: [], keys: [{ secret: "kept", ...known }] } as unknown as PlatformStatus,
        },
      ],
      keySecret: () => Promise.reject(new KubeError(404, "NotFound", 'secrets "gone" not found', 0)),
      writePlatformStatus: async (_platform, status) => void statuses.push(status),
    });
    await eventually("it goes on at its own pace", () => statuses.length >= 5);
    expect(statuses[0]?.keys).to.deep.equal([{ secret: "kept", ...known }]);
    expect(lines.map(({ level, kind, name }) => [level, kind, name])).to.deep.equal([
      ["warn", "Keys", "shop"],
    ]);
  });

  it("leaves alone what is of another release, which has an operator of its own", async () => {
    const replay = (name: string, release?: string): OutboxReplay => ({
      kind: "OutboxReplay",
      metadata: { name, uid: name, ...(release && { labels: { "app.kubernetes.io/instance": release } }) },
      spec: { selector: { all: true } },
    });
    const { cluster, written } = refusingCluster(0, new Error("none"));
    const jobs = new Set<string>();
    const template = { spec: { containers: [{ name: "outbox-relay", image: "cartwright:1" }] } };
    start(
      {
        ...cluster,
        replays: () => [replay("of-shop", "shop"), replay("of-other", "other"), replay("of-nobody")],
        deployments: (of) => [{ name: `${of}-outbox-relay`, replicas: 1, ready: 1, template }],
        createJob: async (job) => void jobs.add((job as KubeObject).metadata.name),
      },
      () => true,
      "shop",
    );
    await eventually("it has looked three times", () => written.length >= 3);
    expect(new Set(written)).to.deep.equal(new Set(["shop"]));
    expect([...jobs]).to.deep.equal(["replay-of-shop-of-shop"]);
  });

  it("says nothing of a round that ended because another leads", async () => {
    let leads = true;
    const { cluster, tried } = refusingCluster(0, new Error("none"));
    const lines = start(
      {
        ...cluster,
        writePlatformStatus: async () => {
          tried.push(0);
          leads = false;
          throw new Error("this process leads no longer; nothing was written");
        },
      },
      () => leads,
    );
    await eventually("a round was broken off", () => tried.length === 1);
    await delay(500);
    expect(tried).to.have.length(1);
    expect(lines).to.deep.equal([]);
  });
});
