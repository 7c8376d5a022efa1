import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { parseAmqpUrl } from "../../platform/amqp/amqp-url.ts";
import type { EventEnvelope } from "../../platform/event/event.ts";
import { createLogger } from "../../platform/logger/logger.ts";
import { Registry } from "../../platform/metrics/metrics.ts";
import { ORIGIN } from "../../testkit/event-origin.ts";
import { eventually } from "../../testkit/eventually.ts";
import { startFakeRabbit4 } from "../../testkit/fake-rabbit4.ts";
import { createMemoryPublisher, type MemoryPublisher } from "../../testkit/memory-publisher.ts";
import { type OpenOutbox, openOutbox } from "../../testkit/outbox.ts";
import { migrateDatabase } from "../../testkit/processes/platform.ts";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import { ask, type Sql } from "../../testkit/servers/database.ts";
import { testDatabase } from "../../testkit/servers/test-servers.ts";
import type { CommitSubscriber } from "../commit-notifier.ts";
import { createRelayMetrics } from "../metrics.ts";
import { listDead } from "../store/dead.ts";
import { purgePublished } from "../store/purge.ts";
import { replaySelected } from "../store/replay.ts";
import type { OutboxStore } from "../store/store.ts";
import { createAmqpPublisher } from "./publisher.amqp.ts";
import type { Publisher } from "./publisher.ts";
import { createRelay, type Relay, type RelayOptions } from "./relay.ts";

const PARTITIONS = 8;
const TRUNCATE_AND_RESTART = {
  postgres: "TRUNCATE outbox_event RESTART IDENTITY",
  sqlserver: "TRUNCATE TABLE outbox_event",
};
const log = createLogger("test", "fatal");

/**
 * The relay on a real database; the broker is a stand-in in
 * memory, whose refusals and losses a test can choose.
 */
describe("The relay", function () {
  this.timeout(60_000);
  let store: OpenOutbox;
  let started: Relay[] = [];
  let publishers: { behave?(): void }[] = [];
  let url: string;
  let databases = 0;
  let pendingReads = 0;

  beforeEach(async () => {
    const database = await testDatabase();
    url = await database.createDatabase(`relay_${++databases}`);
    await migrateDatabase({ ...database, url });
    store = openOutbox(url);
  });
  afterEach(async () => {
    // A relay waits for what is in flight: after a failure, too, nothing may stay held.
    for (const publisher of publishers) publisher.behave?.();
    publishers = [];
    await Promise.all(started.map((relay) => relay.stop()));
    started = [];
    await store?.close();
  });

  /** What somebody else does to the database. */
  const inDatabase = (sql: Sql) => ask(url, sql);

  const start = async (publisher: Publisher & { behave?(): void }, more: Partial<RelayOptions> = {}) => {
    const relay = createRelay({
      store: {
        ...store,
        pending: (...query) => {
          pendingReads++;
          return store.pending(...query);
        },
      },
      publisher,
      subscriber: { listen: () => {} },
      relay: randomUUID(),
      partitions: PARTITIONS,
      leaseMs: 1_500,
      window: 16,
      maxAttempts: 3,
      retryMs: 5,
      pollMs: 5,
      metrics: createRelayMetrics(new Registry()),
      log,
      ...more,
    });
    publishers.push(publisher);
    started.push(relay);
    await relay.start();
    return relay;
  };
  const event = (subject: string, version: number): EventEnvelope => ({
    id: randomUUID(),
    partition: [...subject].reduce((sum, char) => sum + char.charCodeAt(0), 0) % PARTITIONS,
    ...ORIGIN,
    type: "cart.updated",
    subject,
    sequence: version,
    data: "{}",
    traceparent: null,
    occurredAt: Date.now(),
  });
  const events = (subjects: number, versions: number) =>
    Array.from({ length: versions }, (_, v) =>
      Array.from({ length: subjects }, (_, s) => event(`cart-${s}`, v + 1)),
    ).flat();
  const versionsOf = (publisher: MemoryPublisher, subject: string) =>
    publisher.published.filter((each) => each.subject === subject).map((each) => each.sequence);
  const arrived = (publisher: MemoryPublisher) => new Set(publisher.published.map(({ id }) => id)).size;
  /**
   * Long enough for a reader that polls every 5 ms to have read
   * what was appended, and for the queues to be looked at.
   */
  const untilReadOnce = async () => {
    const reads = pendingReads;
    await eventually("it has read twice more", () => pendingReads >= reads + 2);
  };
  const drained = () => eventually("nothing is pending", async () => (await store.backlog()).pending === 0);

  it("publishes everything, each cart in order, and marks it", async () => {
    await store.append(events(20, 30));
    const publisher = createMemoryPublisher();
    await start(publisher);
    await drained();
    expect(publisher.published).to.have.length(600);
    for (let s = 0; s < 20; s++) {
      expect(versionsOf(publisher, `cart-${s}`)).to.deep.equal(Array.from({ length: 30 }, (_, v) => v + 1));
    }
  });

  it("reads what the subscriber tells of long before its next look, however much that is", async () => {
    const publisher = createMemoryPublisher();
    let heard: (partitions: readonly number[]) => void = () => {};
    await store.append(events(20, 2));
    await start(publisher, {
      pollMs: 3_600_000,
      subscriber: {
        listen: (listener) => {
          heard = listener;
        },
      },
    });
    await drained();
    const backlog = Array.from({ length: 3_000 }, (_, n) => event("cart-1", 3 + n));
    await store.append(backlog);
    heard([backlog[0]!.partition]);
    await drained();
    expect(versionsOf(publisher, "cart-1")).to.deep.equal(Array.from({ length: 3_002 }, (_, v) => v + 1));
  });

  it("finds by itself what no subscriber told of", async () => {
    const publisher = createMemoryPublisher();
    await start(publisher, { pollMs: 50 });
    for (let batch = 1; batch <= 3; batch++) {
      await store.append(events(5, 1).map((each) => ({ ...each, sequence: batch })));
      await drained();
      expect(publisher.published).to.have.length(5 * batch);
    }
  });

  it("keeps many in flight, but one of a cart, and no more than the window", async () => {
    await store.append(events(40, 3));
    const publisher = createMemoryPublisher();
    publisher.hold(() => true);
    await start(publisher, { window: 16 });
    await eventually("the window is full", () => publisher.held().length === 16);
    expect(new Set(publisher.held().map((each) => each.subject)).size).to.equal(16);
    publisher.release();
    await drained();
  });

  it("repeats an event whose outcome is unknown, with the same id, before its cart's next one", async () => {
    await store.append(events(4, 5));
    const publisher = createMemoryPublisher();
    publisher.lose((each) => each.subject === "cart-1" && each.sequence === 2, { times: 2, arrives: true });
    await start(publisher);
    await drained();
    expect(versionsOf(publisher, "cart-1")).to.deep.equal([1, 2, 2, 2, 3, 4, 5]);
    expect(new Set(publisher.published.map((each) => each.id)).size).to.equal(20);
  });

  it("parks an event that is refused again and again, holding back only its own cart, until it is replayed", async () => {
    await store.append(events(5, 4));
    const publisher = createMemoryPublisher();
    publisher.refuse((each) => each.subject === "cart-2" && each.sequence === 2, {
      times: 3,
      about: "message",
    });
    await start(publisher);
    await eventually("it is dead", async () => (await store.backlog()).dead === 1);
    await eventually("the others are through", () => publisher.published.length === 17);
    expect(versionsOf(publisher, "cart-2")).to.deep.equal([1]);

    const lines: string[] = [];
    await listDead(store, (line) => lines.push(line));
    expect(lines[0]).to.match(/cart\.updated {2}cart-2 cartversion 2 {2}3 attempts/);
    expect(lines.at(-1)).to.match(/^1 dead/);
    const id = lines[0]!.split(" ")[0]!;
    const asked = { ids: [id], type: "cart.updated", errorContains: "refused", before: Date.now() + 60_000 };
    expect(await replaySelected(store, { ...asked, type: "cart.cleared" }, { dryRun: false })).to.deep.equal({
      matched: 0,
      replayed: 0,
    });
    expect(await replaySelected(store, asked, { dryRun: true })).to.deep.equal({ matched: 1, replayed: 0 });
    expect(await replaySelected(store, {}, { dryRun: false }), "nothing asked for").to.include({
      matched: 0,
    });
    expect(await replaySelected(store, asked, { dryRun: false })).to.deep.equal({ matched: 1, replayed: 1 });
    await drained();
    await eventually("cart 2 is through", () => versionsOf(publisher, "cart-2").length === 4);
    expect(versionsOf(publisher, "cart-2")).to.deep.equal([1, 2, 3, 4]);
  });

  it("parks an event that cannot be encoded at once, and goes on with the others", async () => {
    await store.append(events(5, 4));
    const publisher = createMemoryPublisher();
    const impossible = (each: EventEnvelope) => each.subject === "cart-2" && each.sequence === 2;
    publisher.refuse(impossible, { about: "encoding" });
    await start(publisher);
    await eventually("it is dead", async () => (await store.backlog()).dead === 1);
    await eventually("the others are through", () => publisher.published.length === 17);
    expect(publisher.attempts.filter(impossible)).to.have.length(1);
  });

  it("retries a passing refusal and goes on in order", async () => {
    await store.append(events(3, 3));
    const publisher = createMemoryPublisher();
    publisher.refuse((each) => each.subject === "cart-0" && each.sequence === 1, {
      times: 2,
      about: "full",
    });
    await start(publisher);
    await drained();
    expect(versionsOf(publisher, "cart-0")).to.deep.equal([1, 2, 3]);
    expect((await store.backlog()).dead).to.equal(0);
  });

  describe("while the broker does not take events of one type", () => {
    const cleared = (each: { type: string }) => each.type === "cart.cleared";
    const mixed = (count: number) =>
      Array.from({ length: count }, (_, n) => [
        event(`cart-${n}`, 1),
        { ...event(`order-${n}`, 1), type: "cart.cleared" },
        event(`order-${n}`, 2),
      ]).flat();

    for (const about of ["full", "unavailable", "unroutable"] as const)
      it(`(${about}) probes with one at a time, lets the others flow, parks none, and goes on by itself`, async () => {
        const publisher = createMemoryPublisher();
        publisher.refuse(cleared, { about });
        await store.append(mixed(30));
        const relay = await start(publisher, { maxAttempts: 2 });
        await eventually("the other type is through", () => publisher.published.length === 30);
        const tried = () => publisher.attempts.filter(cleared).length;
        const before = tried();
        expect(before, "no more than were in flight together").to.be.at.most(16);
        await eventually("it was probed", () => tried() >= before + 2, { timeoutMs: 15_000 });
        expect(relay.trouble()).to.match(/cart\.cleared/);
        expect(tried(), "probes, not the whole window again").to.be.lessThan(before + 10);
        expect(await store.backlog()).to.include({ dead: 0, pending: 60 });
        publisher.behave();
        await drained();
        expect(relay.trouble()).to.equal(null);
        expect(versionsOf(publisher, "order-7")).to.deep.equal([1, 2]);
      });

    it("(it resets the connection over them, as RabbitMQ 3.10 does) finds them, and lets the others flow", async () => {
      const publisher = createMemoryPublisher();
      publisher.lose(cleared, { times: Number.POSITIVE_INFINITY, arrives: false });
      await store.append(mixed(12));
      const relay = await start(publisher, { maxAttempts: 2 });
      await eventually("the other type is through", () => publisher.published.length === 12, {
        timeoutMs: 15_000,
      });
      expect((await store.backlog()).dead).to.equal(0);
      expect(relay.trouble()).to.match(/cart\.cleared/);
      publisher.behave();
      await drained();
      expect(versionsOf(publisher, "order-3")).to.deep.equal([1, 2]);
    });

    it("goes on with other types behind more waiting events than it keeps in memory, of many carts or of one", async () => {
      const publisher = createMemoryPublisher();
      publisher.refuse(cleared, { about: "full" });
      const many = Array.from({ length: 1_000 }, (_, n) => event(`order-${n}`, 1));
      const hot = Array.from({ length: 1_000 }, (_, n) => event("hot", n + 1));
      await store.append([...many, ...hot].map((each) => ({ ...each, type: "cart.cleared" })));
      await store.append([...events(50, 1), event("order-7", 2), event("hot", 1_001)]);
      await start(publisher);
      await eventually("the other type is through", () => publisher.published.length === 50);
      publisher.behave();
      await drained();
      expect(versionsOf(publisher, "order-7")).to.deep.equal([1, 2]);
      expect(versionsOf(publisher, "hot")).to.deep.equal(Array.from({ length: 1_001 }, (_, n) => n + 1));
    });

    it("tells one cart's event that resets the connection from all of its type: only its own cart waits", async () => {
      const publisher = createMemoryPublisher();
      const poison = (each: EventEnvelope) => each.subject === "cart-3" && each.sequence === 2;
      publisher.lose(poison, { times: Number.POSITIVE_INFINITY, arrives: false, resets: true });
      await store.append(events(12, 3));
      const relay = await start(publisher, { maxAttempts: 2 });
      await eventually("the others are through", () => arrived(publisher) === 34, {
        timeoutMs: 30_000,
      });
      expect(versionsOf(publisher, "cart-3")).to.deep.equal([1]);
      await store.append(events(12, 1).map((each) => ({ ...each, sequence: 4 })));
      await eventually("so are new ones", () => arrived(publisher) === 45);
      expect(relay.trouble()).to.match(/^some events of type cart\.updated wait/);
      expect((await store.backlog()).dead).to.equal(0);
    });
  });

  it("repeats what is in doubt one at a time until the broker accepts again", async () => {
    const publisher = createMemoryPublisher();
    publisher.hold();
    await store.append(events(20, 1));
    await start(publisher, { window: 16 });
    await eventually("the window is full", () => publisher.held().length === 16);
    publisher.disconnect();
    publisher.reconnect();
    await store.append(events(20, 1).map((each) => ({ ...each, subject: `new-${each.subject}` })));
    await eventually("something is repeated", () => publisher.attempts.length > 16);
    await new Promise((resolve) => setImmediate(resolve));
    expect(publisher.held(), "one is asked with before the rest follows").to.have.length(1);
    publisher.release();
    await drained();
    expect(publisher.published).to.have.length(40);
  });

  it("sends nothing beside the last one in doubt", async () => {
    const publisher = createMemoryPublisher();
    publisher.hold();
    await store.append([event("cart-1", 1)]);
    await start(publisher, { window: 16 });
    await eventually("it is in flight", () => publisher.held().length === 1);
    publisher.disconnect();
    await store.append(events(20, 1).map((each) => ({ ...each, subject: `new-${each.subject}` })));
    publisher.reconnect();
    await eventually("it is repeated", () => publisher.held().length > 0);
    await untilReadOnce();
    expect(publisher.held().map(({ subject }) => subject)).to.deep.equal(["cart-1"]);
    publisher.release();
    await drained();
  });

  it("shares the partitions fairly, and takes over those of a relay that stops", async () => {
    const [one, two] = [createMemoryPublisher(), createMemoryPublisher()];
    await start(one);
    const second = await start(two);
    for (let round = 0; ; round++) {
      await store.append(
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
    await second.stop();
    started = started.filter((relay) => relay !== second);
    const before = two.published.length;
    await store.append(events(16, 1).map((each) => ({ ...each, sequence: 100_000 })));
    await drained();
    expect(two.published.length).to.equal(before);
    expect(one.published.filter((each) => each.sequence === 100_000)).to.have.length(16);
  });

  it("reads partitions that it takes over at once, not at its next look", async () => {
    const two = createMemoryPublisher();
    const first = await start(createMemoryPublisher(), { pollMs: 3_600_000 });
    await start(two, { pollMs: 3_600_000 });
    await first.stop();
    started = started.filter((relay) => relay !== first);
    await store.append(events(16, 1));
    await eventually("what it took over is published", () => two.published.length > 0);
  });

  it("sends nothing more once its lease may have run out, although it cannot reach the database to renew it", async () => {
    const publisher = createMemoryPublisher();
    const metrics = createRelayMetrics(new Registry());
    let renewing = true;
    const stuck: OutboxStore = {
      ...store,
      renew: (...args) =>
        renewing ? store.renew(...args) : Promise.reject(new Error("the database is away")),
      claim: (...args) =>
        renewing ? store.claim(...args) : Promise.reject(new Error("the database is away")),
    };
    await start(publisher, { store: stuck, leaseMs: 600, metrics });
    await store.append(events(1, 1));
    await drained();
    renewing = false;
    let claimed = 0;
    await eventually("another could take every partition", async () => {
      claimed += (await store.claim("another", PARTITIONS, 60_000)).length;
      return claimed === PARTITIONS;
    });
    const late = event("late", 1);
    await store.append([late]);
    await eventually("the relay has found that its lease is over", async () => {
      const owned = await metrics.owned.get();
      return (owned.values[0]?.value ?? PARTITIONS) < PARTITIONS;
    });
    expect(publisher.attempts.map(({ id }) => id)).to.not.include(late.id);
    renewing = true;
  });

  it("begins a partition anew when the database has gone back to an earlier seq, as after a restore", async () => {
    const publisher = createMemoryPublisher();
    await store.append(events(8, 20));
    await start(publisher);
    await drained();
    await inDatabase(TRUNCATE_AND_RESTART);
    await store.append(events(8, 1).map((each) => ({ ...each, sequence: 21 })));
    await drained();
    expect(versionsOf(publisher, "cart-3")).to.deep.equal(Array.from({ length: 21 }, (_, n) => n + 1));
  });

  it("keeps its partitions when a mark was written and its answer lost", async () => {
    const { log: recorder, lines } = recordingLogger();
    let answers = 0;
    const forgetful: OutboxStore = {
      ...store,
      markPublished: async (relay, marks) => {
        const marked = await store.markPublished(relay, marks);
        if (answers++ === 0) throw new Error("the connection broke after the commit");
        return marked;
      },
    };
    await store.append(events(8, 1));
    await start(createMemoryPublisher(), { store: forgetful, log: recorder });
    await eventually("the mark was repeated", () =>
      lines.some(({ msg }) => /being marked again/.test(String(msg))),
    );
    expect(lines.filter(({ msg }) => /given up/.test(String(msg)))).to.deep.equal([]);
  });

  it("parks a row that no message can be made of, and names it, without ending", async () => {
    const broker = await startFakeRabbit4();
    const { log: recorder, lines } = recordingLogger();
    const publisher = createAmqpPublisher({
      address: parseAmqpUrl(broker.url)!,
      exchange: "cart.events",
      log: recorder,
    });
    const [impossible, ...others] = events(3, 1);
    await store.append([impossible!, ...others]);
    const set = (occurredAt: string) =>
      `UPDATE outbox_event SET occurred_at = ${occurredAt} WHERE event_id = '${impossible!.id}'`;
    await inDatabase({ postgres: set("'infinity'"), sqlserver: set("9223372036854775807") });
    await start(publisher, { log: recorder });
    await eventually("it is dead", async () => (await store.backlog()).dead === 1);
    await drained();
    expect(broker.accepted.map(({ message_id }) => message_id)).to.have.members(others.map(({ id }) => id));
    expect(lines.find(({ level }) => level === "error")).to.include({ eventId: impossible!.id });
    await publisher.close();
    await broker.close();
  });

  it("reads a partition anew after a replay, once the marks under way are written", async () => {
    const publisher = createMemoryPublisher();
    let writable = Promise.resolve();
    let release = () => {};
    const marks: OutboxStore = {
      ...store,
      markPublished: async (relay, outcomes) => {
        await writable;
        return store.markPublished(relay, outcomes);
      },
    };
    publisher.refuse((each) => each.sequence === 1, { times: 3, about: "message" });
    await store.append([event("cart-1", 1), event("cart-1", 2)]);
    let heard: (partitions: readonly number[]) => void = () => {};
    const subscriber: CommitSubscriber = {
      listen: (listener) => {
        heard = listener;
      },
    };
    await start(publisher, { store: marks, subscriber, pollMs: 3_600_000 });
    await eventually("it is dead", async () => (await store.backlog()).dead === 1);
    writable = new Promise((resolve) => {
      release = resolve;
    });
    // Of the same partition, published but not marked while the dead one is replayed.
    const neighbour = event("1-cart", 1);
    await store.append([neighbour]);
    heard([neighbour.partition]);
    await eventually("its neighbour is published", () => versionsOf(publisher, "1-cart").length === 1);
    await store.replay("all");
    release();
    await drained();
    expect(versionsOf(publisher, "cart-1")).to.deep.equal([1, 2]);
    expect(versionsOf(publisher, "1-cart")).to.deep.equal([1]);
  });

  it("purges published events in chunks, and none that waits", async () => {
    await store.append(events(50, 50));
    const relay = await start(createMemoryPublisher());
    await drained();
    await relay.stop();
    started = [];
    const waiting = event("waits", 1);
    await store.append([waiting]);
    await eventually("all are old enough", async () => {
      await purgePublished(store, 1, new AbortController().signal);
      return (await store.purge(0, 1)) === 0;
    });
    expect(
      (await store.pending([{ partition: waiting.partition, after: 0 }], 10)).map((each) => each.id),
    ).to.deep.equal([waiting.id]);
  });
});
