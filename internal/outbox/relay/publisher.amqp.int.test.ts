import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { parseAmqpUrl } from "../../platform/amqp/amqp-url.ts";
import { checkPerCartOrder } from "../../testkit/event-consumer.ts";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import type { RabbitServer } from "../../testkit/servers/rabbitmq.ts";
import { testRabbit } from "../../testkit/servers/test-servers.ts";
import { openGate } from "../../testkit/tcp-gate.ts";
import { type AmqpPublisherOptions, createAmqpPublisher } from "./publisher.amqp.ts";
import { anEvent, describePublisher, until } from "./publisher.contract.ts";
import type { Publisher, PublishOutcome } from "./publisher.ts";
import { names, publishCarts, SET_UP, tap } from "./publisher-scene.contract.ts";

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
