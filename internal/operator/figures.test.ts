import { expect } from "chai";
import { Gauge, Registry } from "../platform/metrics/metrics.ts";
import { conditionsOf, findings } from "./conditions.ts";
import { figuresOf } from "./figures.ts";

const cart = (text: string | null) => ({ component: "cart", text });
const relay = (text: string | null) => ({ component: "outbox-relay", text });

describe("The figures of a release", () => {
  it("are read from Prometheus' text: the most of what is measured alike, the sum of what each relay has", () => {
    const figures = figuresOf([
      cart(
        '# HELP carts_active x\n# TYPE carts_active gauge\ncarts_active{process="cart"} 12\noutbox_dead_events 0\n',
      ),
      cart("carts_active 11\noutbox_oldest_pending_age_seconds 1.5e0\n"),
      relay('outbox_partitions_behind{process="r"} 2\noutbox_broker_connected 0\noutbox_dead_events 3\n'),
      relay("outbox_partitions_behind 1\noutbox_broker_connected 1\n"),
    ]);
    expect(figures).to.include({
      activeCarts: 12,
      deadEvents: 3,
      lagSeconds: 1.5,
      partitionsBehind: 3,
      brokerConnected: true,
      stagedEvents: null,
    });
  });

  it("are unknown, not zero, when nobody answers; how far relays are behind, when one of them is silent", () => {
    expect(figuresOf([cart(null), relay(null)])).to.deep.equal({
      activeCarts: null,
      stagedEvents: null,
      pendingEvents: null,
      deadEvents: null,
      lagSeconds: null,
      partitionsBehind: null,
      brokerConnected: null,
    });
    const figures = figuresOf([relay("outbox_partitions_behind 5\n"), relay(null)]);
    expect(figures.partitionsBehind).to.equal(null);
  });

  it("are unknown where a pod says that it does not know, unless another one does", async () => {
    const registry = new Registry();
    for (const name of ["outbox_oldest_pending_age_seconds", "outbox_dead_events"])
      new Gauge({ name, help: "x", registers: [registry] }).set(Number.NaN);
    const unknowing = cart(await registry.metrics());
    expect(figuresOf([unknowing])).to.include({ lagSeconds: null, deadEvents: null });
    const figures = figuresOf([unknowing, relay("outbox_dead_events 0\n"), unknowing]);
    expect(figures).to.include({ lagSeconds: null, deadEvents: 0 });
  });
});

describe("The conditions of a release", () => {
  const nothing = figuresOf([]);
  const workloads = { deployments: [], migration: null, schemaSeen: false } as const;

  it("say what is not ready, and what is not known", () => {
    const deployments = [
      { name: "cart", wanted: 2, ready: 1 },
      { name: "gateway", wanted: 1, ready: 1 },
    ];
    const found = findings({ ...workloads, deployments }, nothing);
    expect(found[0]).to.include({ type: "Ready", status: "False", message: "not ready: cart 1/2" });
    expect(found.slice(1).map(({ status }) => status)).to.deep.equal(Array(4).fill("Unknown"));
  });

  it("tell a failed migration from one at work and one whose Job is gone", () => {
    const migrated = (more: object) => findings({ ...workloads, ...more }, nothing)[1];
    expect(migrated({ migration: "failed", schemaSeen: true })).to.include({
      status: "False",
      reason: "JobFailed",
    });
    expect(migrated({ migration: "running" })).to.include({ status: "False", reason: "JobRunning" });
    expect(migrated({ schemaSeen: true })).to.include({ status: "True" });
  });

  it("keep the time of their last change while their status stays", () => {
    const finding = { type: "Ready", status: "True", reason: "a", message: "b" } as const;
    const [first] = conditionsOf([finding], [], 1, "t1");
    const [second] = conditionsOf([{ ...finding, message: "c" }], [first!], 2, "t2");
    expect(second).to.include({ lastTransitionTime: "t1", observedGeneration: 2, message: "c" });
    const [third] = conditionsOf([{ ...finding, status: "False" }], [second!], 2, "t3");
    expect(third!.lastTransitionTime).to.equal("t3");
  });
});
