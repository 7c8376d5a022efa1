import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { Registry } from "../../platform/metrics/metrics.ts";
import { eventually } from "../../testkit/eventually.ts";
import { createMemoryPublisher } from "../../testkit/memory-publisher.ts";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import { arrived, event, events, PARTITIONS, relayScene, versionsOf } from "../../testkit/relay-scene.ts";
import type { CommitSubscriber } from "../commit-notifier.ts";
import { createRelayMetrics } from "../metrics.ts";
import type { OutboxStore } from "../store/store.ts";

const TRUNCATE_AND_RESTART = {
  postgres: "TRUNCATE outbox_event RESTART IDENTITY",
  sqlserver: "TRUNCATE TABLE outbox_event",
};

/* On a real database; the broker is a stand-in in memory, whose refusals and losses a test can choose. */
describe("The relay's hold on partitions", function () {
  this.timeout(60_000);
  const scene = relayScene();
  const { start, drained } = scene;

  /** The last `count` commits were never there: their seqs are given out again. */
  async function loseLast(count: number): Promise<void> {
    const rows = await scene.inDatabase("SELECT MAX(seq) AS seq FROM outbox_event");
    const left = Number((rows as { seq: number | string }[])[0]!.seq) - count;
    await scene.inDatabase(`DELETE FROM outbox_event WHERE seq > ${left}`);
    await scene.inDatabase({
      postgres: `ALTER TABLE outbox_event ALTER COLUMN seq RESTART WITH ${left + 1}`,
      sqlserver: `DBCC CHECKIDENT ('outbox_event', RESEED, ${left})`,
    });
  }

  it("shares the partitions fairly, and takes over those of a relay that stops", async () => {
    const [one, two] = [createMemoryPublisher(), createMemoryPublisher()];
    await start(one);
    const second = await start(two);
    for (let round = 0; ; round++) {
      await scene.store.append(
        events(16, 2).map((each, index) => ({
          ...each,
          id: randomUUID(),
          sequence: round * 2 + 1 + Math.floor(index / 16),
        })),
      );
      await drained();
      if (two.published.length > 0 && one.published.length > 0) break;
      expect(round).to.be.lessThan(500);
    }
    await scene.stop(second);
    const before = two.published.length;
    await scene.store.append(events(16, 1).map((each) => ({ ...each, sequence: 100_000 })));
    await drained();
    expect(two.published.length).to.equal(before);
    expect(one.published.filter((each) => each.sequence === 100_000)).to.have.length(16);
  });

  it("leaves its share to others while it cannot reach the broker, and takes one again when it can", async () => {
    const [reaching, cutOff] = [createMemoryPublisher(), createMemoryPublisher()];
    const metrics = createRelayMetrics(new Registry());
    const owned = async () => (await metrics.owned.get()).values[0]?.value;
    await start(reaching);
    await start(cutOff, { metrics });
    await eventually("the partitions are shared", async () => (await owned()) === PARTITIONS / 2);
    cutOff.disconnect();
    await scene.store.append(events(16, 2));
    await drained();
    expect(arrived(reaching)).to.equal(32);
    expect(await owned()).to.equal(0);
    cutOff.reconnect();
    await eventually("it has its share again", async () => (await owned()) === PARTITIONS / 2);
    await scene.store.append(events(16, 1).map((each) => ({ ...each, sequence: 3 })));
    await drained();
    expect(arrived(cutOff)).to.be.greaterThan(0);
  });

  it("renews what it holds while partitions that it gives up wait for an answer for longer than a lease", async () => {
    const [one, two] = [createMemoryPublisher(), createMemoryPublisher()];
    const metrics = createRelayMetrics(new Registry());
    const owned = async () => (await metrics.owned.get()).values[0]?.value;
    const { log, lines } = recordingLogger();
    let renewals = 0;
    const store: OutboxStore = {
      ...scene.store,
      renew: async (...args) => {
        const renewed = await scene.store.renew(...args);
        renewals++;
        return renewed;
      },
    };
    one.hold();
    await scene.store.append(events(8, 2));
    await start(one, { store, log, leaseMs: 3_000 });
    await eventually("one of each cart is in flight", () => one.held().length === 8);
    await start(two, { metrics });
    renewals = 0;
    await eventually("it has renewed for twice a lease", () => renewals >= 6);
    expect(await owned(), "nothing has run out").to.equal(0);
    one.release();
    await eventually("the partitions are shared", async () => (await owned()) === PARTITIONS / 2);
    await drained();
    expect(one.published.length + two.published.length, "nothing twice").to.equal(16);
    expect(lines.filter(({ msg }) => /given up/.test(String(msg)))).to.deep.equal([]);
  });

  it("reads partitions that it takes over at once, not at its next look", async () => {
    const two = createMemoryPublisher();
    const first = await start(createMemoryPublisher(), { pollMs: 3_600_000 });
    await start(two, { pollMs: 3_600_000 });
    await scene.stop(first);
    await scene.store.append(events(16, 1));
    await eventually("what it took over is published", () => two.published.length > 0);
  });

  it("sends nothing more once its lease may have run out, although it cannot reach the database to renew it", async () => {
    const publisher = createMemoryPublisher();
    const metrics = createRelayMetrics(new Registry());
    let renewing = true;
    const stuck: OutboxStore = {
      ...scene.store,
      renew: (...args) =>
        renewing ? scene.store.renew(...args) : Promise.reject(new Error("the database is away")),
      claim: (...args) =>
        renewing ? scene.store.claim(...args) : Promise.reject(new Error("the database is away")),
    };
    await start(publisher, { store: stuck, leaseMs: 600, metrics });
    await scene.store.append(events(1, 1));
    await drained();
    renewing = false;
    let claimed = 0;
    await eventually("another could take every partition", async () => {
      claimed += (await scene.store.claim("another", PARTITIONS, 60_000)).length;
      return claimed === PARTITIONS;
    });
    const late = event("late", 1);
    await scene.store.append([late]);
    await eventually("the relay has found that its lease is over", async () => {
      const owned = await metrics.owned.get();
      return (owned.values[0]?.value ?? PARTITIONS) < PARTITIONS;
    });
    expect(publisher.attempts.map(({ id }) => id)).to.not.include(late.id);
    renewing = true;
  });

  it("begins a partition anew when the database has gone back to an earlier seq, as after a restore", async () => {
    const publisher = createMemoryPublisher();
    await scene.store.append(events(8, 20));
    await start(publisher);
    await drained();
    await scene.inDatabase(TRUNCATE_AND_RESTART);
    await scene.store.append(events(8, 1).map((each) => ({ ...each, sequence: 21 })));
    await drained();
    expect(versionsOf(publisher, "cart-3")).to.deep.equal(Array.from({ length: 21 }, (_, n) => n + 1));
  });

  it("keeps each cart in order when a failover lost the last commits and new events take their seqs", async () => {
    const publisher = createMemoryPublisher();
    let away = false;
    let refused = 0;
    const unlessAway = <T>(ask: () => Promise<T>): Promise<T> => {
      if (!away) return ask();
      refused++;
      return Promise.reject(new Error("the database is away"));
    };
    const store: OutboxStore = {
      ...scene.store,
      pending: (...query) => unlessAway(() => scene.store.pending(...query)),
      deadSubjects: (...query) => unlessAway(() => scene.store.deadSubjects(...query)),
      pendingBehind: (...query) => unlessAway(() => scene.store.pendingBehind(...query)),
    };
    await scene.store.append(events(8, 20));
    await start(publisher, { store });
    await drained();
    away = true;
    await eventually("a read has failed", () => refused > 0);
    await loseLast(40);
    await scene.store.append(events(8, 12).map((each) => ({ ...each, sequence: 20 + each.sequence })));
    away = false;
    await drained();
    for (let s = 0; s < 8; s++)
      expect(versionsOf(publisher, `cart-${s}`)).to.deep.equal(Array.from({ length: 32 }, (_, n) => n + 1));
  });

  it("publishes what a restored database has under the seq of an event in flight", async () => {
    const publisher = createMemoryPublisher();
    publisher.hold();
    await scene.inDatabase(TRUNCATE_AND_RESTART);
    await scene.store.append([event("cart-1", 1)]);
    await start(publisher);
    await eventually("the first is in flight", () => publisher.held().length === 1);
    await scene.inDatabase(TRUNCATE_AND_RESTART);
    await scene.store.append([event("cart-1", 2)]);
    publisher.release();
    await drained();
    expect(versionsOf(publisher, "cart-1")).to.deep.equal([1, 2]);
  });

  it("keeps its partitions when a mark was written and its answer lost", async () => {
    const { log: recorder, lines } = recordingLogger();
    let answers = 0;
    const forgetful: OutboxStore = {
      ...scene.store,
      markPublished: async (relay, marks) => {
        const marked = await scene.store.markPublished(relay, marks);
        if (answers++ === 0) throw new Error("the connection broke after the commit");
        return marked;
      },
    };
    await scene.store.append(events(8, 1));
    await start(createMemoryPublisher(), { store: forgetful, log: recorder });
    await eventually("the mark was repeated", () =>
      lines.some(({ msg }) => /being marked again/.test(String(msg))),
    );
    expect(lines.filter(({ msg }) => /given up/.test(String(msg)))).to.deep.equal([]);
  });

  it("reads a partition anew after a replay, once the marks under way are written", async () => {
    const publisher = createMemoryPublisher();
    let writable = Promise.resolve();
    let release = () => {};
    const marks: OutboxStore = {
      ...scene.store,
      markPublished: async (relay, outcomes) => {
        await writable;
        return scene.store.markPublished(relay, outcomes);
      },
    };
    publisher.refuse((each) => each.sequence === 1, { times: 3, about: "message" });
    await scene.store.append([event("cart-1", 1), event("cart-1", 2)]);
    let heard: (partitions: readonly number[]) => void = () => {};
    const subscriber: CommitSubscriber = {
      listen: (listener) => {
        heard = listener;
      },
    };
    await start(publisher, { store: marks, subscriber, pollMs: 3_600_000 });
    await eventually("it is dead", async () => (await scene.store.backlog()).dead === 1);
    writable = new Promise((resolve) => {
      release = resolve;
    });
    // Of the same partition, published but not marked while the dead one is replayed.
    const neighbour = event("1-cart", 1);
    await scene.store.append([neighbour]);
    heard([neighbour.partition]);
    await eventually("its neighbour is published", () => versionsOf(publisher, "1-cart").length === 1);
    await scene.store.replay("all");
    release();
    await drained();
    expect(versionsOf(publisher, "cart-1")).to.deep.equal([1, 2]);
    expect(versionsOf(publisher, "1-cart")).to.deep.equal([1]);
  });
});
