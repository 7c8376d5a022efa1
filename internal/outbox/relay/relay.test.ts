import { mock } from "node:test";
import { expect } from "chai";
import { createLogger } from "../../platform/logger/logger.ts";
import { Registry } from "../../platform/metrics/metrics.ts";
import { openPartition, testDelivery } from "../../testkit/deliveries.ts";
import { eventually } from "../../testkit/eventually.ts";
import { createMemoryPublisher } from "../../testkit/memory-publisher.ts";
import { createRelayMetrics } from "../metrics.ts";
import type { OutboxStore } from "../store/store.ts";
import { createRelay } from "./relay.ts";

const LEASE_MS = 30_000;

/** A stand-in for the database, because a real one cannot let a lease run out at a chosen moment. */
function storeOf(subject: string): OutboxStore {
  const events = [1, 2].map((sequence) => testDelivery(openPartition(), subject, sequence).event);
  return {
    ping: async () => {},
    append: async () => {},
    appendWhereFree: async () => [],
    park: async () => {},
    pending: async ([cursor]) => events.filter(({ seq }) => seq > (cursor?.after ?? 0)),
    pendingBehind: async () => [],
    markPublished: async (_relay, marked) => marked.map(({ seq }) => seq),
    markRefused: async () => [],
    backlog: async () => ({ pending: 0, dead: 0, oldestOccurredAt: null }),
    purge: async () => 0,
    ensurePartitions: async () => {},
    renew: async () => ({ leases: [{ partition: 0, epoch: 1 }], relays: 1 }),
    claim: async () => [],
    release: async () => {},
    retire: async () => {},
    listDead: async () => [],
    deadSubjects: async () => [],
    replay: async () => 0,
    purgeDead: async () => 0,
  };
}

describe("A relay whose lease has run out", () => {
  let clock = LEASE_MS;
  beforeEach(() => {
    mock.method(performance, "now", () => clock);
  });
  afterEach(() => mock.reset());

  it("sends nothing more of the partition, not even what it has read and queued before", async () => {
    const publisher = createMemoryPublisher();
    const metrics = createRelayMetrics(new Registry());
    const relay = createRelay({
      store: storeOf("cart"),
      publisher,
      relay: "relay",
      partitions: 1,
      leaseMs: LEASE_MS,
      window: 4,
      maxAttempts: 3,
      retryMs: 1,
      subscriber: { listen: () => {} },
      pollMs: 1_000,
      metrics,
      log: createLogger("test", "fatal"),
    });
    publisher.hold();
    await relay.start();
    await eventually("the first is in flight", () => publisher.held().length === 1);
    clock += LEASE_MS;
    publisher.release();
    const owned = async () => (await metrics.owned.get()).values[0]?.value;
    await eventually(
      "it has come to the second",
      async () => (await owned()) === 0 || publisher.attempts.length > 1,
    );
    expect(publisher.attempts.map(({ id }) => id)).to.deep.equal(["cart-1"]);
    await relay.stop();
  });
});
