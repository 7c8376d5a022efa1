import { expect } from "chai";
import type { EventEnvelope } from "../../platform/event/event.ts";
import { Registry } from "../../platform/metrics/metrics.ts";
import { eventually } from "../../testkit/eventually.ts";
import { createMemoryPublisher, type MemoryPublisher } from "../../testkit/memory-publisher.ts";
import { arrived, event, events, relayScene, versionsOf } from "../../testkit/relay-scene.ts";
import { createRelayMetrics } from "../metrics.ts";

/* On a real database; the broker is a stand-in in memory, whose refusals and losses a test can choose. */
describe("The relay, while the broker is in trouble,", function () {
  this.timeout(60_000);
  const scene = relayScene();
  const { start, drained } = scene;

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
        await scene.store.append(mixed(30));
        const relay = await start(publisher, { maxAttempts: 2 });
        await eventually("the other type is through", () => publisher.published.length === 30);
        const tried = () => publisher.attempts.filter(cleared).length;
        const before = tried();
        expect(before, "no more than were in flight together").to.be.at.most(16);
        await eventually("it was probed", () => tried() >= before + 2, { timeoutMs: 15_000 });
        expect(relay.trouble()).to.match(/cart\.cleared/);
        expect(tried(), "probes, not the whole window again").to.be.lessThan(before + 10);
        expect(await scene.store.backlog()).to.include({ dead: 0, pending: 60 });
        publisher.behave();
        await drained();
        expect(relay.trouble()).to.equal(null);
        expect(versionsOf(publisher, "order-7")).to.deep.equal([1, 2]);
      });

    it("(it resets the connection over them, as RabbitMQ 3.10 does) finds them, and lets the others flow", async () => {
      const publisher = createMemoryPublisher();
      publisher.lose(cleared, { times: Number.POSITIVE_INFINITY, arrives: false });
      await scene.store.append(mixed(12));
      const relay = await start(publisher, { maxAttempts: 2 });
      await eventually("the other type is through", () => publisher.published.length === 12, {
        timeoutMs: 15_000,
      });
      expect((await scene.store.backlog()).dead).to.equal(0);
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
      await scene.store.append([...many, ...hot].map((each) => ({ ...each, type: "cart.cleared" })));
      await scene.store.append([...events(50, 1), event("order-7", 2), event("hot", 1_001)]);
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
      await scene.store.append(events(12, 3));
      const relay = await start(publisher, { maxAttempts: 2 });
      await eventually("the others are through", () => arrived(publisher) === 34, {
        timeoutMs: 30_000,
      });
      expect(versionsOf(publisher, "cart-3")).to.deep.equal([1]);
      await scene.store.append(events(12, 1).map((each) => ({ ...each, sequence: 4 })));
      await eventually("so are new ones", () => arrived(publisher) === 45);
      expect(relay.trouble()).to.match(/^some events of type cart\.updated wait/);
      expect((await scene.store.backlog()).dead).to.equal(0);
    });
  });

  const inOne = (count: number, of: (n: number) => EventEnvelope) =>
    Array.from({ length: count }, (_, n) => ({ ...of(n), partition: 0 }));

  describe("counts no partition as behind", () => {
    /** Sees the partition counted while it is read, then counted no more though all of it is pending. */
    async function countedUntilItStands(backlog: readonly EventEnvelope[], publisher: MemoryPublisher) {
      const metrics = createRelayMetrics(new Registry());
      for (let from = 0; from < backlog.length; from += 2_000)
        await scene.store.append(backlog.slice(from, from + 2_000));
      // Every count: the partition is behind for a moment, which a look now and then would miss.
      const counts: number[] = [];
      Object.assign(metrics.behind, { set: (count: number) => void counts.push(count) });
      await start(publisher, { metrics, retryMs: 3_600_000 });
      await eventually("it is behind", () => counts.includes(1));
      await eventually("it stands", () => counts.at(-1) === 0);
      expect((await scene.store.backlog()).pending).to.equal(backlog.length);
    }

    it("whose queue is full of one cart that is refused again and again", async () => {
      const publisher = createMemoryPublisher();
      publisher.refuse(({ subject }) => subject === "poison", { about: "message" });
      await countedUntilItStands(
        inOne(2_000, (n) => event("poison", n + 1)),
        publisher,
      );
    });

    it("of which so many carts wait for a full queue that it is read no further", async () => {
      const publisher = createMemoryPublisher();
      publisher.refuse(() => true, { about: "full" });
      await countedUntilItStands(
        inOne(12_000, (n) => event(`cart-${n}`, 1)),
        publisher,
      );
    });
  });

  it("publishes what lies behind one cart's 2,000 events, the first of which is refused again and again", async () => {
    const publisher = createMemoryPublisher();
    publisher.refuse(({ subject }) => subject === "poison", { about: "message" });
    await scene.store.append([
      ...inOne(2_000, (n) => event("poison", n + 1)),
      ...inOne(5, (n) => event(`cart-${n}`, 1)),
    ]);
    await start(publisher, { retryMs: 3_600_000, window: 16 });
    await eventually("the other carts are told of", () => publisher.published.length === 5);
    await eventually("that is written", async () => (await scene.store.backlog()).pending === 2_000);
  });

  it("repeats what is in doubt one at a time until the broker accepts again", async () => {
    const publisher = createMemoryPublisher();
    publisher.hold();
    await scene.store.append(events(20, 1));
    await start(publisher, { window: 16 });
    await eventually("the window is full", () => publisher.held().length === 16);
    publisher.disconnect();
    publisher.reconnect();
    await scene.store.append(events(20, 1).map((each) => ({ ...each, subject: `new-${each.subject}` })));
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
    await scene.store.append([event("cart-1", 1)]);
    await start(publisher, { window: 16 });
    await eventually("it is in flight", () => publisher.held().length === 1);
    publisher.disconnect();
    await scene.store.append(events(20, 1).map((each) => ({ ...each, subject: `new-${each.subject}` })));
    publisher.reconnect();
    await eventually("it is repeated", () => publisher.held().length > 0);
    await scene.untilReadOnce();
    expect(publisher.held().map(({ subject }) => subject)).to.deep.equal(["cart-1"]);
    publisher.release();
    await drained();
  });
});
