import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { parseAmqpUrl } from "../../platform/amqp/amqp-url.ts";
import { checkPerCartOrder, consumeEvents, type EventConsumer } from "../../testkit/event-consumer.ts";
import { eventually } from "../../testkit/eventually.ts";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import type { RabbitServer } from "../../testkit/servers/rabbitmq.ts";
import { ownRabbit, testRabbit } from "../../testkit/servers/test-servers.ts";
import { openGate } from "../../testkit/tcp-gate.ts";
import { type AmqpPublisherOptions, createAmqpPublisher } from "./publisher.amqp.ts";
import { anEvent, describePublisher, until } from "./publisher.contract.ts";
import type { Publisher, PublishOutcome } from "./publisher.ts";

const SET_UP = { exchange: "cart.events" };

/** A durable queue of the test's own that gets every cart event, and a consumer on it. */
async function tap(rabbit: RabbitServer): Promise<EventConsumer & { remove(): Promise<void> }> {
  const queue = `cart.events.test-${randomUUID()}`;
  await rabbit.manage("PUT", `queues/%2F/${queue}`, { durable: true });
  await rabbit.manage("POST", `bindings/%2F/e/cart.events/q/${queue}`, { routing_key: "cart.#" });
  const consumer = await consumeEvents({ url: rabbit.consumerUrl, queue });
  return {
    ...consumer,
    waitFor: (goal, timeoutMs) =>
      consumer.waitFor(goal, timeoutMs).catch(async (vain: Error) => {
        throw new Error(`${vain.message}; the broker: ${await heldBy(rabbit, queue)}`, { cause: vain });
      }),
    remove: async () => {
      await consumer.close();
      await rabbit.manage("DELETE", `queues/%2F/${queue}`);
    },
  };
}

/** What the broker says of a queue whose messages are waited for in vain; its counts are up to 5 s old. */
async function heldBy(rabbit: RabbitServer, queue: string): Promise<string> {
  try {
    const of = `queues/%2F/${queue}`;
    const known = (await rabbit.manage("GET", of)) as Record<string, unknown>;
    const { state, consumers, messages_ready: ready, messages_unacknowledged: unacknowledged } = known;
    const bindings = (await rabbit.manage("GET", `${of}/bindings`)) as { source: string }[];
    const sources = bindings.map(({ source }) => source || "(default)");
    return JSON.stringify({ state, consumers, ready, unacknowledged, sources, moved: known.message_stats });
  } catch (error) {
    return String(error);
  }
}

/**
 * Publishes versions `from` to `to` of so many carts, one at a
 * time per cart, each again while its outcome is unknown.
 */
async function publishCarts(
  publisher: Publisher,
  carts: string[],
  from: number,
  to: number,
): Promise<number> {
  let unknown = 0;
  await Promise.all(
    carts.map(async (subject) => {
      for (let sequence = from; sequence <= to; sequence++) {
        const event = anEvent({ subject, sequence });
        for (;;) {
          const outcome = await publisher.publish(event);
          if (outcome.kind === "accepted") break;
          expect(outcome.kind).to.equal("unknown");
          unknown++;
          await publisher.ready(AbortSignal.timeout(60_000));
        }
      }
    }),
  );
  return unknown;
}

const names = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}-${i}`);

describePublisher("the AMQP publisher on a real RabbitMQ", async () => {
  const rabbit = await testRabbit();
  const taps = await tap(rabbit);
  const gate = await openGate({ host: "127.0.0.1", port: rabbit.amqpPort });
  const url = new URL(rabbit.relayUrl);
  url.port = String(gate.port);
  const publisher = createAmqpPublisher({
    ...SET_UP,
    address: parseAmqpUrl(url.href),
    log: recordingLogger().log,
  });
  return {
    publisher,
    arrived: async (count) => {
      await taps.waitFor(count, 20_000);
      return taps.events.map((event) => ({
        ...event,
        sequence: event.version,
        data: JSON.stringify(event.data),
      }));
    },
    breakBroker: async () => gate.shut(),
    mendBroker: async () => gate.open(),
    close: async () => {
      await publisher.close();
      await gate.close();
      await taps.remove();
    },
  };
});

describe("the AMQP publisher on a real RabbitMQ, in detail", function () {
  this.timeout(120_000);
  let rabbit: RabbitServer;
  let consumer: Awaited<ReturnType<typeof tap>>;
  let publisher: Publisher;
  before(async () => {
    rabbit = await testRabbit();
    consumer = await tap(rabbit);
    publisher = createAmqpPublisher({
      ...SET_UP,
      address: parseAmqpUrl(rabbit.relayUrl),
      log: recordingLogger().log,
    });
    await publisher.ready(AbortSignal.timeout(10_000));
  });
  after(async () => {
    await publisher.close();
    await consumer.remove();
  });

  it("sends a CloudEvent in binary mode", async () => {
    const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
    const event = anEvent({ sequence: 3, traceparent, occurredAt: Date.UTC(2026, 10, 24, 1, 2, 3, 4) });
    await publisher.publish(event);
    const plain = anEvent();
    await publisher.publish(plain);
    await consumer.waitFor((events) => events.some(({ id }) => id === plain.id), 10_000);
    const { message, data } = consumer.events.find(({ id }) => id === event.id)!;
    expect(message).to.include({
      durable: true,
      message_id: event.id,
      subject: "cart.updated",
      content_type: "application/json",
    });
    expect(message.creation_time).to.deep.equal(new Date(event.occurredAt));
    expect(message.application_properties).to.deep.equal({
      "cloudEvents:specversion": "1.0",
      "cloudEvents:id": event.id,
      "cloudEvents:type": "cart.updated",
      "cloudEvents:source": "/cartwright/cart",
      "cloudEvents:subject": event.subject,
      "cloudEvents:time": "2026-11-24T01:02:03.004Z",
      "cloudEvents:traceparent": traceparent,
      "cloudEvents:cartversion": 3,
    });
    expect(data).to.deep.equal(JSON.parse(event.data));
    const second = consumer.events.find(({ id }) => id === plain.id)!;
    expect(second.message.application_properties).to.not.have.property("cloudEvents:traceparent");
  });

  it("publishes 5,000 events with 128 in flight, each accepted and consumed once", async () => {
    const before = consumer.events.length;
    const carts = names("many", 125);
    expect(await publishCarts(publisher, carts, 1, 40)).to.equal(0);
    await consumer.waitFor((events) => events.length >= before + 5_000, 30_000);
    const arrived = consumer.events.slice(before);
    expect(new Set(arrived.map(({ id }) => id)).size).to.equal(5_000);
    expect(arrived).to.have.length(5_000);
    expect(checkPerCartOrder(arrived, 1)).to.deep.equal([]);
  });

  const starting = (options: Partial<AmqpPublisherOptions>) => {
    const { log, lines } = recordingLogger();
    return {
      lines,
      started: createAmqpPublisher({ ...SET_UP, address: parseAmqpUrl(rabbit.relayUrl), log, ...options }),
    };
  };

  it("says once that user or password are refused, and shows neither", async () => {
    const { lines, started } = starting({
      address: parseAmqpUrl(rabbit.relayUrl.replace(/relay:\w+@/, "relay:hunter2@")),
    });
    await until(() => started.fault() === "the broker refuses the configured user or password");
    await started.close();
    expect(JSON.stringify(lines)).to.not.include("hunter2");
    expect(lines.filter(({ level }) => level === "error")).to.have.length(1);
  });

  it("says once that the exchange does not exist, and recovers when it is created", async () => {
    const exchange = `cart.events.late-${randomUUID()}`;
    const { lines, started } = starting({ exchange, address: parseAmqpUrl(rabbit.amqpUrl) });
    await until(() => started.fault() === `exchange "${exchange}" does not exist`);
    expect(await started.publish(anEvent())).to.include({ kind: "unknown", sessionFault: false });
    await rabbit.manage("PUT", `exchanges/%2F/${exchange}`, { type: "topic", durable: true });
    await rabbit.manage("POST", `bindings/%2F/e/${exchange}/q/cart.events.demo`, { routing_key: "#" });
    await started.ready(AbortSignal.timeout(30_000));
    expect(await started.publish(anEvent())).to.deep.equal({ kind: "accepted" });
    // Deleted under it: no message is to blame.
    await rabbit.manage("DELETE", `exchanges/%2F/${exchange}`);
    let outcome: PublishOutcome = { kind: "accepted" };
    while (outcome.kind === "accepted") outcome = await started.publish(anEvent());
    expect(outcome).to.include({ kind: "unknown", sessionFault: false });
    await started.close();
    const complaints = lines.filter(({ level }) => level === "error");
    expect(complaints.map(({ reason }) => reason)).to.have.length.within(1, 2);
  });
});

describe("the AMQP publisher when a real RabbitMQ goes away", function () {
  this.timeout(180_000);
  let rabbit: RabbitServer;
  let consumer: Awaited<ReturnType<typeof tap>>;
  let publisher: Publisher;
  before(async () => {
    rabbit = await ownRabbit();
    consumer = await tap(rabbit);
  });
  beforeEach(async () => {
    publisher = createAmqpPublisher({
      ...SET_UP,
      address: parseAmqpUrl(rabbit.relayUrl),
      sendTimeoutMs: 30_000,
      idleTimeoutMs: 2_000,
      log: recordingLogger().log,
    });
    await publisher.ready(AbortSignal.timeout(20_000));
  });
  afterEach(() => publisher.close());
  after(() => consumer.close());

  for (const [what, signal] of [
    ["is killed", "SIGKILL"],
    ["stops gracefully", "SIGTERM"],
  ] as const)
    it(`loses nothing and keeps every cart's order when the broker ${what} mid-window and starts again`, async () => {
      const carts = names(signal, 128);
      const publishing = publishCarts(publisher, carts, 1, 60);
      await consumer.waitFor(
        (events) => events.filter(({ subject }) => subject.startsWith(signal)).length > 500,
        30_000,
      );
      await rabbit.kill(signal);
      await until(() => publisher.fault() !== null);
      await rabbit.start();
      expect(await publishing).to.be.greaterThan(0);
      const mine = () => consumer.events.filter(({ subject }) => subject.startsWith(signal));
      await consumer.waitFor(() => new Set(mine().map(({ id }) => id)).size === 128 * 60, 60_000);
      expect(checkPerCartOrder(mine(), 1)).to.deep.equal([]);
    });

  it("moves to another host of its URL when the broker it uses is killed, and loses nothing", async () => {
    const other = await ownRabbit();
    const brokers = [rabbit, other];
    const login = { password: "of-both", tags: "" };
    for (const broker of brokers) {
      await broker.manage("PUT", "users/both", login);
      await broker.manage("PUT", "permissions/%2F/both", { configure: "^$", write: ".*", read: "^$" });
    }
    const taps = await Promise.all(brokers.map(tap));
    const { log, lines } = recordingLogger();
    const [one, two] = brokers.map(({ amqpPort }) => `127.0.0.1:${amqpPort}`);
    const moving = createAmqpPublisher({
      ...SET_UP,
      address: parseAmqpUrl(`amqp://both:of-both@${one},${two}`),
      log,
    });
    await moving.ready(AbortSignal.timeout(20_000));
    const ports = () =>
      lines.filter(({ msg }) => msg === "connected to the broker").map(({ port }) => port as number);
    const used = brokers.find(({ amqpPort }) => amqpPort === ports()[0])!;
    const ids = () => new Set(taps.flatMap(({ events }) => events.map(({ id }) => id)));
    const publishing = publishCarts(moving, names("moves", 128), 1, 60);
    await eventually("it is in the middle of it", async () => ids().size > 500);
    const killedAt = performance.now();
    await used.kill("SIGKILL");
    await until(() => ports().length > 1);
    expect(performance.now() - killedAt).to.be.lessThan(10_000);
    expect(await publishing).to.be.greaterThan(0);
    await used.start();
    const everything = async () => {
      if (ids().size === 128 * 60) return true;
      throw new Error(`${ids().size} ids; ${taps.map((each) => each.state()).join("; ")}`);
    };
    await eventually("everything has arrived", everything, { timeoutMs: 60_000 });
    expect(new Set(ports())).to.deep.equal(new Set(brokers.map(({ amqpPort }) => amqpPort)));
    for (const { events } of taps) expect(checkPerCartOrder(events)).to.deep.equal([]);
    await moving.close();
    await Promise.all(taps.map(({ remove }) => remove()));
    await other.stop();
  });

  it("notices a frozen broker by its silence within two idle timeouts and a second, and goes on when it thaws", async () => {
    const before = performance.now();
    rabbit.signal("SIGSTOP");
    try {
      const answer = publisher.publish(anEvent());
      expect(await answer).to.include({ kind: "unknown", sessionFault: false });
      expect(performance.now() - before).to.be.within(1_000, 15_000);
    } finally {
      rabbit.signal("SIGCONT");
    }
    await publisher.ready(AbortSignal.timeout(30_000));
    expect(await publisher.publish(anEvent())).to.deep.equal({ kind: "accepted" });
  });
});
