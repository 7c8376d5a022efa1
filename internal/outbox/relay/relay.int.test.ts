import { expect } from "chai";
import { parseAmqpUrl } from "../../platform/amqp/amqp-url.ts";
import type { EventEnvelope } from "../../platform/event/event.ts";
import { eventually } from "../../testkit/eventually.ts";
import { startFakeRabbit4 } from "../../testkit/fake-rabbit4.ts";
import { createMemoryPublisher } from "../../testkit/memory-publisher.ts";
import { freePending } from "../../testkit/outbox.ts";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import { event, events, relayScene, versionsOf } from "../../testkit/relay-scene.ts";
import { listDead } from "../store/dead.ts";
import { purgeDead, purgePublished } from "../store/purge.ts";
import { replaySelected } from "../store/replay.ts";
import { createAmqpPublisher } from "./publisher.amqp.ts";
import type { RelayOptions } from "./relay.ts";

/* On a real database; the broker is a stand-in in memory, whose refusals and losses a test can choose. */
describe("The relay", function () {
  this.timeout(60_000);
  const scene = relayScene();
  const { start, drained } = scene;

  it("publishes everything, each cart in order, and marks it", async () => {
    await scene.store.append(events(20, 30));
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
    await scene.store.append(events(20, 2));
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
    await scene.store.append(backlog);
    heard([backlog[0]!.partition]);
    await drained();
    expect(versionsOf(publisher, "cart-1")).to.deep.equal(Array.from({ length: 3_002 }, (_, v) => v + 1));
  });

  it("finds by itself what no subscriber told of", async () => {
    const publisher = createMemoryPublisher();
    await start(publisher, { pollMs: 50 });
    for (let batch = 1; batch <= 3; batch++) {
      await scene.store.append(events(5, 1).map((each) => ({ ...each, sequence: batch })));
      await drained();
      expect(publisher.published).to.have.length(5 * batch);
    }
  });

  it("keeps many in flight, but one of a cart, and no more than the window", async () => {
    await scene.store.append(events(40, 3));
    const publisher = createMemoryPublisher();
    publisher.hold(() => true);
    await start(publisher, { window: 16 });
    await eventually("the window is full", () => publisher.held().length === 16);
    expect(new Set(publisher.held().map((each) => each.subject)).size).to.equal(16);
    publisher.release();
    await drained();
  });

  it("reads of many partitions with a backlog no more at once than it has room for, and of each in turn", async () => {
    const partitions = 64;
    const versions = 40;
    const publisher = createMemoryPublisher();
    const sizes: number[] = [];
    const read: number[] = [];
    const store: RelayOptions["store"] = {
      ...scene.store,
      pending: async (...query) => {
        const found = await scene.store.pending(...query);
        sizes.push(found.length);
        read.push(...query[0].map(({ partition }) => partition));
        return found;
      },
    };
    await scene.store.append(
      events(partitions, versions).map((each) => ({ ...each, partition: Number(each.subject.slice(5)) })),
    );
    publisher.hold(() => true);
    await start(publisher, { store, partitions, window: 16 });
    await eventually("the window is full", () => publisher.held().length === 16);
    publisher.release();
    await drained();
    expect(Math.max(...sizes), "16 windows, or 512 if that is more").to.be.within(1, 512);
    expect(new Set(read.slice(0, partitions)).size, "none twice before the last").to.equal(partitions);
    for (let s = 0; s < partitions; s++)
      expect(versionsOf(publisher, `cart-${s}`)).to.deep.equal(
        Array.from({ length: versions }, (_, v) => v + 1),
      );
  });

  it("repeats an event whose outcome is unknown, with the same id, before its cart's next one", async () => {
    await scene.store.append(events(4, 5));
    const publisher = createMemoryPublisher();
    publisher.lose((each) => each.subject === "cart-1" && each.sequence === 2, { times: 2, arrives: true });
    await start(publisher);
    await drained();
    expect(versionsOf(publisher, "cart-1")).to.deep.equal([1, 2, 2, 2, 3, 4, 5]);
    expect(new Set(publisher.published.map((each) => each.id)).size).to.equal(20);
  });

  it("parks an event that is refused again and again, holding back only its own cart, until it is replayed", async () => {
    await scene.store.append(events(5, 4));
    const publisher = createMemoryPublisher();
    publisher.refuse((each) => each.subject === "cart-2" && each.sequence === 2, {
      times: 3,
      about: "message",
    });
    await start(publisher);
    await eventually("it is dead", async () => (await scene.store.backlog()).dead === 1);
    await eventually("the others are through", () => publisher.published.length === 17);
    expect(versionsOf(publisher, "cart-2")).to.deep.equal([1]);

    const lines: string[] = [];
    await listDead(scene.store, (line) => lines.push(line));
    expect(lines[0]).to.match(/cart\.updated {2}cart-2 cartversion 2 {2}3 attempts/);
    expect(lines.at(-1)).to.match(/^1 dead/);
    const id = lines[0]!.split(" ")[0]!;
    const pause = async () => {};
    const asked = { ids: [id], type: "cart.updated", errorContains: "refused", before: Date.now() + 60_000 };
    expect(
      await replaySelected(scene.store, { ...asked, type: "cart.cleared" }, { dryRun: false, pause }),
    ).to.deep.equal({
      matched: 0,
      replayed: 0,
    });
    expect(await replaySelected(scene.store, asked, { dryRun: true })).to.deep.equal({
      matched: 1,
      replayed: 0,
    });
    expect(await replaySelected(scene.store, {}, { dryRun: false, pause }), "nothing asked for").to.include({
      matched: 0,
    });
    expect(await replaySelected(scene.store, asked, { dryRun: false })).to.deep.equal({
      matched: 1,
      replayed: 1,
    });
    await drained();
    await eventually("cart 2 is through", () => versionsOf(publisher, "cart-2").length === 4);
    expect(versionsOf(publisher, "cart-2")).to.deep.equal([1, 2, 3, 4]);
  });

  it("parks an event that cannot be encoded at once, and goes on with the others", async () => {
    await scene.store.append(events(5, 4));
    const publisher = createMemoryPublisher();
    const impossible = (each: EventEnvelope) => each.subject === "cart-2" && each.sequence === 2;
    publisher.refuse(impossible, { about: "encoding" });
    await start(publisher);
    await eventually("it is dead", async () => (await scene.store.backlog()).dead === 1);
    await eventually("the others are through", () => publisher.published.length === 17);
    expect(publisher.attempts.filter(impossible)).to.have.length(1);
  });

  it("publishes what waited behind a dead event once that is deleted after its retention", async () => {
    await scene.store.append(events(2, 3));
    const publisher = createMemoryPublisher();
    publisher.refuse((each) => each.subject === "cart-1" && each.sequence === 2, { about: "encoding" });
    await start(publisher);
    await eventually("it is dead", async () => (await scene.store.backlog()).dead === 1);
    await eventually("it is deleted", async () => {
      await purgeDead(scene.store, 1, new AbortController().signal);
      return (await scene.store.backlog()).dead === 0;
    });
    await eventually("what waited is through", () => versionsOf(publisher, "cart-1").length === 2);
    expect(versionsOf(publisher, "cart-1")).to.deep.equal([1, 3]);
  });

  it("publishes what came before a dead event, as the forwarder parks one, and after it up to the next", async () => {
    const publisher = createMemoryPublisher();
    const { log, lines } = recordingLogger();
    const all = [1, 2, 3, 4, 5].map((sequence) => event("cart-1", sequence));
    for (const each of all) {
      if (each.sequence % 2 === 0) await scene.store.park(each, "no JSON");
      else await scene.store.append([each]);
    }
    const published = (...expected: number[]) =>
      eventually(
        `${expected} are published`,
        () => versionsOf(publisher, "cart-1").join() === expected.join(),
      );
    await start(publisher, { log });
    await published(1);
    await scene.store.replay([all[1]!.id]);
    await published(1, 2, 3);
    await scene.store.replay("all");
    await published(1, 2, 3, 4, 5);
    await drained();
    expect(lines.filter(({ msg }) => /gone back/.test(String(msg)))).to.deep.equal([]);
  });

  it("retries a passing refusal and goes on in order", async () => {
    await scene.store.append(events(3, 3));
    const publisher = createMemoryPublisher();
    publisher.refuse((each) => each.subject === "cart-0" && each.sequence === 1, {
      times: 2,
      about: "full",
    });
    await start(publisher);
    await drained();
    expect(versionsOf(publisher, "cart-0")).to.deep.equal([1, 2, 3]);
    expect((await scene.store.backlog()).dead).to.equal(0);
  });

  it("parks a row that no message can be made of, and names it, without ending", async () => {
    const broker = await startFakeRabbit4();
    const { log: recorder, lines } = recordingLogger();
    const publisher = createAmqpPublisher({
      address: parseAmqpUrl(broker.url),
      exchange: "cart.events",
      log: recorder,
    });
    const [impossible, ...others] = events(3, 1);
    await scene.store.append([impossible!, ...others]);
    const set = (occurredAt: string) =>
      `UPDATE outbox_event SET occurred_at = ${occurredAt} WHERE event_id = '${impossible!.id}'`;
    await scene.inDatabase({ postgres: set("'infinity'"), sqlserver: set("9223372036854775807") });
    await start(publisher, { log: recorder });
    await eventually("it is dead", async () => (await scene.store.backlog()).dead === 1);
    await drained();
    expect(broker.accepted.map(({ message_id }) => message_id)).to.have.members(others.map(({ id }) => id));
    expect(lines.find(({ level }) => level === "error")).to.include({ eventId: impossible!.id });
    await publisher.close();
    await broker.close();
  });

  it("purges published events in chunks, and none that waits", async () => {
    await scene.store.append(events(50, 50));
    const relay = await start(createMemoryPublisher());
    await drained();
    await scene.stop(relay);
    const waiting = event("waits", 1);
    await scene.store.append([waiting]);
    await eventually("all are old enough", async () => {
      await purgePublished(scene.store, 1, new AbortController().signal);
      return (await scene.store.purge(0, 1)) === 0;
    });
    expect(
      (await freePending(scene.store, [{ partition: waiting.partition, after: 0 }], 10)).map(
        (each) => each.id,
      ),
    ).to.deep.equal([waiting.id]);
  });
});
