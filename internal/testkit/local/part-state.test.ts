import { expect } from "chai";
import { createSharedCounter } from "../../gateway/limits/rate-limit-shared.ts";
import { createUpstreamMetrics } from "../../gateway/upstream/metrics.ts";
import { createRegistry } from "../../platform/metrics/metrics.ts";
import { playCatalog } from "../catalog-scene.ts";
import { recordingLogger } from "../recording-logger.ts";
import { partState } from "./part-state.ts";

const { log } = recordingLogger();

describe("What make status says of a part", () => {
  it("is nothing where its metrics tell nothing", async () => {
    expect(partState(await createRegistry("catalog-stub").metrics())).to.equal("");
  });

  it("is of a process with an outbox its lag, what waits and how to see what is dead, with a mark for what it does not know", () => {
    const text = (age: string, dead: string) =>
      `outbox_oldest_pending_age_seconds ${age}\noutbox_staged_events 2\noutbox_pending_events 30\noutbox_dead_events ${dead}\n`;
    expect(partState(text("1.25", "0"))).to.equal("1.3 s (2 staged, 30 pending, 0 dead)");
    expect(partState(text("1.25", "3"))).to.equal("1.3 s (2 staged, 30 pending, 3 dead: make dead)");
    const unknown = `${text("Nan", "Nan")}orders_unsettled Nan\ncart_merges_waiting 1\n`;
    expect(partState(unknown)).to.equal(
      "? s (2 staged, 30 pending, ? dead), ? orders and 1 merges to finish",
    );
  });

  it("is of a gateway how many addresses it uses, whether its limits are shared, and what its cache does", async () => {
    const registry = createRegistry("gateway");
    const metricsOf = createUpstreamMetrics(registry);
    metricsOf("cart").addresses(2, 1);
    metricsOf("catalog").addresses(1, 0);
    const text = async () => partState(await registry.metrics());
    const upstreams = "2 of 3 addresses of the cart, 1 of 1 addresses of the catalog";
    expect(await text()).to.equal(`${upstreams}, limits off, cache off`);
    let redis = async () => ({ count: 1, resetMs: 1 });
    const counter = createSharedCounter({
      shared: { count: () => redis() },
      local: { count: () => redis() },
      whenAway: "fail-closed",
      registry,
      log,
    });
    expect(await text()).to.equal(`${upstreams}, limits shared, cache off`);
    redis = () => Promise.reject(new Error("away"));
    await counter.count("owner", "a").catch(() => {});
    expect(await text()).to.equal(`${upstreams}, limits not shared, cache off`);
  });

  describe("with a catalog", () => {
    const scene = playCatalog();

    it("counts what its cache has answered", async () => {
      for (const path of ["/mug", "/mug", "/tent", "/mug"]) await scene.seen({}, path);
      expect(partState(await scene.gateway.metrics())).to.match(/, cache of 2 URLs with 2 hits in 4 reads$/);
    });
  });
});
