import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { consumeEvents, type EventConsumer } from "./event-consumer.ts";
import { eventually } from "./eventually.ts";
import type { RabbitServer } from "./servers/rabbitmq.ts";
import { testRabbit } from "./servers/test-servers.ts";
import { openGate, type TcpGate } from "./tcp-gate.ts";

describe("The tests' consumer of events", function () {
  this.timeout(60_000);
  let rabbit: RabbitServer;
  let gate: TcpGate;
  let queue: string;
  const consumers: EventConsumer[] = [];
  before(async () => {
    rabbit = await testRabbit();
  });
  beforeEach(async () => {
    gate = await openGate({ host: "127.0.0.1", port: rabbit.amqpPort });
    queue = `cart.events.test-${randomUUID()}`;
    await rabbit.manage("PUT", `queues/%2F/${queue}`, { durable: true });
  });
  afterEach(async () => {
    for (const consumer of consumers.splice(0)) await consumer.close();
    await gate.close();
    await rabbit.manage("DELETE", `queues/%2F/${queue}`);
  });

  async function consume(): Promise<EventConsumer> {
    const url = new URL(rabbit.consumerUrl);
    url.port = String(gate.port);
    const consumer = await consumeEvents({ url: url.href, queue });
    consumers.push(consumer);
    return consumer;
  }
  it("says of a wait in vain since when it is connected, and why it was not before", async () => {
    const consumer = await consume();
    gate.shut();
    gate.open();
    await eventually("it is connected again", () => / 2 links opened/.test(consumer.state()));
    const vain = await consumer.waitFor(1, 50).catch((error: Error) => error.message);
    expect(vain).to.match(
      /^0 events with 0 ids arrived.* within 50 ms: at [\d.]+ s .*connected since [\d.]+ s; /,
    );
    expect(vain).to.match(
      /the last event came never; 2 links opened, .* because disconnected.*, credit 500$/,
    );
  });
});
