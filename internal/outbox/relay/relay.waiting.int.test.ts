import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import { createMemoryPublisher, type MemoryPublisher } from "../../testkit/memory-publisher.ts";
import { event, PARTITIONS, relayScene, versionsOf } from "../../testkit/relay-scene.ts";
import { isWaiting } from "../event.ts";
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
});
