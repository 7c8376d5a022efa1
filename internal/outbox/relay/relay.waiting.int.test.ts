import { expect } from "chai";
import { Registry } from "../../platform/metrics/metrics.ts";
import { eventually } from "../../testkit/eventually.ts";
import { createMemoryPublisher, type MemoryPublisher } from "../../testkit/memory-publisher.ts";
import { event, PARTITIONS, relayScene, versionsOf } from "../../testkit/relay-scene.ts";
import { isWaiting } from "../event.ts";
import { createRelayMetrics } from "../metrics.ts";
import type { RelayOptions } from "./relay.ts";

const LEASE_MS = 60_000;

/* On a real database; the broker is a stand-in in memory. */
describe("The relay, of events that wait behind a dead one,", function () {
  this.timeout(60_000);
  const scene = relayScene();
  const { start, drained } = scene;

  /** The scene's store, which counts its reads, the waiting events read and the looks at the dead. */
  function countingStore(more: Partial<RelayOptions["store"]> = {}) {
    const counts = { reads: 0, waiting: 0, looks: 0 };
    const store: RelayOptions["store"] = {
      ...scene.store,
      pending: async (...query) => {
        const found = await scene.store.pending(...query);
        counts.reads++;
        counts.waiting += found.filter(isWaiting).length;
        return found;
      },
      deadSubjects: (partitions) => {
        counts.looks++;
        return scene.store.deadSubjects(partitions);
      },
      ...more,
    };
    return { store, counts };
  }

  const published = (publisher: MemoryPublisher, subject: string, expected: readonly number[]) =>
    eventually(`${subject} is through`, () => versionsOf(publisher, subject).join() === expected.join());
  const upTo = (last: number) => Array.from({ length: last }, (_, n) => n + 1);

  it("reads each once, publishes what lies beyond them, and after the replay all in order", async () => {
    const publisher = createMemoryPublisher();
    const { store, counts } = countingStore();
    const dead = event("cart-1", 1);
    const beyond = { ...event("beyond", 1), partition: dead.partition };
    await scene.store.park(dead, "no");
    const heap = upTo(1_500).map((n) => event("cart-1", 1 + n));
    await scene.store.append([...heap, beyond]);
    await start(publisher, { store, leaseMs: LEASE_MS });
    await published(publisher, "beyond", [1]);
    await scene.store.append([{ ...beyond, id: event("", 1).id, sequence: 2 }]);
    await published(publisher, "beyond", [1, 2]);
    const before = counts.reads;
    await eventually("it has read twice more", () => counts.reads >= before + 2);
    expect(counts.waiting, "more than a read takes, and none twice").to.equal(heap.length);
    expect(versionsOf(publisher, "cart-1")).to.deep.equal([]);

    expect(await scene.store.replay([dead.id])).to.equal(1);
    await drained();
    expect(versionsOf(publisher, "cart-1")).to.deep.equal(upTo(1 + heap.length));
    expect(versionsOf(publisher, "beyond")).to.deep.equal([1, 2]);
  });

  it("reads each once though what follows is read anew after a refusal, and after the replay all in order", async () => {
    const publisher = createMemoryPublisher();
    const { store, counts } = countingStore();
    const dead = event("cart-1", 1);
    const heap = upTo(100).map((n) => event("cart-1", 1 + n));
    const refused = upTo(100).map((n) => ({ ...event("refused", n), partition: dead.partition }));
    await scene.store.park(dead, "no");
    await scene.store.append([...heap, ...refused]);
    publisher.refuse(({ subject, sequence }) => subject === "refused" && sequence % 30 === 1, {
      times: 3,
      about: "message",
    });
    await start(publisher, { store, leaseMs: LEASE_MS, maxAttempts: 10 });
    await published(publisher, "refused", upTo(100));
    expect(counts.waiting).to.equal(heap.length);

    expect(await scene.store.replay([dead.id])).to.equal(1);
    await drained();
    expect(versionsOf(publisher, "cart-1")).to.deep.equal(upTo(1 + heap.length));
    expect(versionsOf(publisher, "refused")).to.deep.equal(upTo(100));
  });

  it("reads them anew when the dead one is replayed while what follows is about to be read anew", async () => {
    const publisher = createMemoryPublisher();
    const { store, counts } = countingStore({ pendingBehind: async () => [] });
    const dead = event("cart-1", 1);
    const there = { partition: dead.partition };
    await scene.store.park(dead, "no");
    await scene.store.append([
      ...[2, 3, 4].map((n) => event("cart-1", n)),
      ...upTo(20).map((n) => ({ ...event("refused", n), ...there })),
      { ...event("held", 1), ...there },
    ]);
    publisher.refuse(({ subject }) => subject === "refused", { times: 1, about: "message" });
    publisher.hold(({ subject }) => subject === "held");
    await start(publisher, { store, leaseMs: LEASE_MS });
    await published(publisher, "refused", upTo(1));
    expect(await scene.store.replay([dead.id])).to.equal(1);
    const before = counts.looks;
    await eventually("it has looked at the dead twice more", () => counts.looks >= before + 2);
    publisher.release();
    await drained();
    expect(versionsOf(publisher, "cart-1")).to.deep.equal(upTo(4));
    expect(versionsOf(publisher, "refused")).to.deep.equal(upTo(20));
  });

  it("reads them anew when what follows begins to be read anew while the dead are asked for", async () => {
    const publisher = createMemoryPublisher();
    const gate = Promise.withResolvers<void>();
    let asked = 0;
    let armed = false;
    const { store } = countingStore({
      pendingBehind: async () => [],
      deadSubjects: async (partitions) => {
        const waits = armed;
        const found = await scene.store.deadSubjects(partitions);
        if (waits) {
          asked++;
          await gate.promise;
        }
        return found;
      },
    });
    const dead = event("cart-1", 1);
    const refused = upTo(20).map((n) => ({ ...event("refused", n), partition: dead.partition }));
    await scene.store.park(dead, "no");
    await scene.store.append([...[2, 3, 4].map((n) => event("cart-1", n)), ...refused]);
    publisher.refuse(({ subject }) => subject === "refused", { times: 1, about: "message" });
    publisher.hold(() => publisher.attempts.length > 1);
    await start(publisher, { store, leaseMs: LEASE_MS });
    await eventually("its second attempt is held", () => publisher.held().length === 1);
    expect(await scene.store.replay([dead.id])).to.equal(1);
    armed = true;
    await eventually("it asks for the dead", () => asked > 0);
    publisher.release();
    await published(publisher, "refused", upTo(1));
    gate.resolve();
    await drained();
    expect(versionsOf(publisher, "cart-1")).to.deep.equal(upTo(4));
    expect(versionsOf(publisher, "refused")).to.deep.equal(upTo(20));
  });

  it("learns of the dead one by them when that is replayed before it would have looked", async () => {
    const publisher = createMemoryPublisher();
    // It sees no dead event itself, and does not look behind its cursors.
    const { store } = countingStore({ deadSubjects: async () => [], pendingBehind: async () => [] });
    await start(publisher, { store, leaseMs: LEASE_MS });
    const dead = event("cart-1", 1);
    await scene.store.park(dead, "no");
    await scene.store.append([event("cart-1", 2), { ...event("beyond", 1), partition: dead.partition }]);
    await published(publisher, "beyond", [1]);
    expect(await scene.store.replay([dead.id])).to.equal(1);
    await drained();
    expect(versionsOf(publisher, "cart-1")).to.deep.equal([1, 2]);
  });

  it("knows the dead one of a partition that it gains while it asks for the dead of those it has", async () => {
    const publisher = createMemoryPublisher();
    const dead = event("cart-1", 1);
    const its = ({ partition }: { partition: number }) => partition === dead.partition;
    await scene.store.park(dead, "no");
    await scene.store.append([{ ...event("beyond", 1), partition: dead.partition }]);
    await scene.store.ensurePartitions(PARTITIONS);
    const leases = await scene.store.claim("another", PARTITIONS, LEASE_MS);
    await scene.store.release(
      "another",
      leases.filter((lease) => !its(lease)),
    );
    const metrics = createRelayMetrics(new Registry());
    const owned = async () => (await metrics.owned.get()).values[0]?.value;
    let [gained, replayed] = [false, false];
    const { store } = countingStore({
      deadSubjects: async (asked) => {
        const found = await scene.store.deadSubjects(asked);
        if (gained || asked.length < PARTITIONS - 1) return found;
        gained = true;
        await scene.store.release("another", leases.filter(its));
        await eventually("it is gained", async () => (await owned()) === PARTITIONS);
        return found;
      },
      pending: async (...query) => {
        const found = await scene.store.pending(...query);
        if (replayed || !found.some(its)) return found;
        replayed = true;
        expect(await scene.store.replay([dead.id])).to.equal(1);
        await scene.store.append([event("cart-1", 2)]);
        return found;
      },
    });
    await start(publisher, { store, metrics });
    await published(publisher, "beyond", [1]);
    await drained();
    expect(gained && replayed).to.equal(true);
    expect(versionsOf(publisher, "cart-1")).to.deep.equal([1, 2]);
  });

  it("does not read its partitions anew for a dead one in a partition of another relay", async () => {
    const publisher = createMemoryPublisher();
    const { store, counts } = countingStore();
    const mine = { partition: 0 };
    await scene.store.park({ ...event("cart-1", 1), partition: PARTITIONS }, "no");
    await scene.store.append([
      { ...event("cart-1", 2), ...mine },
      { ...event("beyond", 1), ...mine },
    ]);
    await start(publisher, { store, partitions: 1, leaseMs: LEASE_MS });
    await published(publisher, "beyond", [1]);
    const before = counts.looks;
    await eventually("it has looked at the dead twice more", () => counts.looks >= before + 2);
    expect(counts.waiting).to.equal(1);
    expect(versionsOf(publisher, "cart-1")).to.deep.equal([]);
  });

  it("reads them anew when that one is replayed, however many wait behind others", async () => {
    const publisher = createMemoryPublisher();
    const mine = (subject: string, version: number) => ({ ...event(subject, version), partition: 0 });
    const dead = { ...event("cart-1", 1), partition: PARTITIONS };
    await scene.store.park(dead, "no");
    await scene.store.park(mine("cart-2", 1), "no");
    const heap = upTo(300).map((n) => mine("cart-2", 1 + n));
    await scene.store.append([mine("cart-1", 2), ...heap, mine("beyond", 1)]);
    await start(publisher, { partitions: 1, leaseMs: LEASE_MS });
    await published(publisher, "beyond", [1]);
    expect(await scene.store.replay([dead.id])).to.equal(1);
    await published(publisher, "cart-1", [2]);
    expect(versionsOf(publisher, "cart-2")).to.deep.equal([]);
  });
});
