import { expect } from "chai";
import type { Message } from "rhea";
import { parseAmqpUrl } from "../../platform/amqp/amqp-url.ts";
import { SILENT_REFUSAL_MS } from "../../platform/amqp/set-up-faults.ts";
import { type FakeRabbit4, startFakeRabbit4, type Verdict } from "../../testkit/fake-rabbit4.ts";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import { openGate } from "../../testkit/tcp-gate.ts";
import { type AmqpPublisherOptions, createAmqpPublisher } from "./publisher.amqp.ts";
import { anEvent, describePublisher, until } from "./publisher.contract.ts";
import type { Publisher } from "./publisher.ts";

const SET_UP = { exchange: "cart.events" };

function eventOf(message: Message) {
  const properties = message.application_properties ?? {};
  return {
    id: String(message.message_id),
    type: String(properties["cloudEvents:type"]),
    subject: String(properties["cloudEvents:subject"]),
    sequence: Number(properties["cloudEvents:cartversion"]),
    data: String(message.body.content),
  };
}

describePublisher("the AMQP publisher on a stand-in for RabbitMQ 4 (v2 addresses)", async () => {
  const broker = await startFakeRabbit4();
  const target = new URL(broker.url);
  const gate = await openGate({ host: "127.0.0.1", port: Number(target.port) });
  target.port = String(gate.port);
  const publisher = createAmqpPublisher({
    ...SET_UP,
    address: parseAmqpUrl(target.href),
    log: recordingLogger().log,
  });
  return {
    publisher,
    arrived: async (count) => {
      await until(() => broker.accepted.length >= count);
      return broker.accepted.map(eventOf);
    },
    breakBroker: async () => gate.shut(),
    mendBroker: async () => gate.open(),
    close: async () => {
      await publisher.close();
      await gate.close();
      await broker.close();
    },
  };
});

describe("the AMQP publisher on a stand-in for RabbitMQ 4, which shows what 3.10 cannot", () => {
  let broker: FakeRabbit4;
  let publisher: Publisher;
  let lines: { level: string }[];

  async function start(
    options: Partial<AmqpPublisherOptions> = {},
    fake: Parameters<typeof startFakeRabbit4>[0] = {},
  ): Promise<void> {
    broker = await startFakeRabbit4(fake);
    publish(options);
    await publisher.ready(AbortSignal.timeout(10_000));
  }
  function publish(options: Partial<AmqpPublisherOptions> = {}): void {
    const recorder = recordingLogger();
    lines = recorder.lines;
    publisher = createAmqpPublisher({
      ...SET_UP,
      address: parseAmqpUrl(broker.url),
      log: recorder.log,
      ...options,
    });
  }
  afterEach(async () => {
    await publisher.close();
    await broker.close();
  });
  const outcomeOf = async (verdict: Verdict) => {
    broker.judge(() => verdict);
    return publisher.publish(anEvent());
  };

  it("addresses exchange and type per message, percent-encoded, on a link without a target", async () => {
    await start();
    await publisher.publish(anEvent({ type: "cart.updated/é" }));
    expect(broker.accepted[0]?.to).to.equal("/exchanges/cart.events/cart.updated%2F%C3%A9");
  });

  for (const [what, verdict, about] of [
    ["released", "released", "unroutable"],
    ["modified", "modified", "unroutable"],
    ["rejected without a reason (4.0)", "rejected", "full"],
    ["rejected for a limit (4.3)", { rejected: "amqp:resource-limit-exceeded" }, "full"],
    [
      "rejected by a queue whose node is down (4.3)",
      { rejected: "amqp:precondition-failed", description: "queue 'q' in vhost '/' is unavailable" },
      "unavailable",
    ],
    ["rejected for another reason", { rejected: "amqp:decode-error" }, "message"],
  ] as const)
    it(`says of an event that is ${what}: ${about}, and goes on`, async () => {
      await start();
      const outcome = await outcomeOf(verdict);
      expect(outcome).to.include({ kind: "refused", about });
      if (typeof verdict === "object")
        expect(outcome).to.have.property("error").that.includes(verdict.rejected);
      expect(await outcomeOf("accepted")).to.deep.equal({ kind: "accepted" });
      expect(publisher.fault()).to.equal(null);
    });

  it("refuses an event that cannot be encoded without sending it, and goes on", async () => {
    await start();
    const outcome = await publisher.publish(anEvent({ occurredAt: Number.POSITIVE_INFINITY }));
    expect(outcome).to.include({ kind: "refused", about: "encoding" });
    expect(outcome)
      .to.have.property("error")
      .that.matches(/^cannot be encoded: RangeError/);
    expect(await publisher.publish(anEvent())).to.deep.equal({ kind: "accepted" });
    expect(broker.arrived).to.have.length(1);
  });

  it("may not publish where the user may not write, says so once, and recovers when it may", async () => {
    broker = await startFakeRabbit4();
    broker.setWritable(false);
    publish();
    await until(() => /does not let the configured user publish/.test(publisher.fault() ?? ""));
    broker.setWritable(true);
    await publisher.ready(AbortSignal.timeout(10_000));
    expect(await publisher.publish(anEvent())).to.deep.equal({ kind: "accepted" });
    expect(lines.filter(({ level }) => level === "error")).to.have.length(1);
  });

  it("is told that its addresses are wrong when it is made to use those of RabbitMQ 3", async () => {
    broker = await startFakeRabbit4();
    publish({ addressVersion: "v1" });
    await until(() => /amqp:invalid-field/.test(publisher.fault() ?? ""));
  });

  it("refuses an event that is larger than the broker takes without sending it, and goes on", async () => {
    await start({}, { maxMessageSize: 2_000 });
    const outcome = await publisher.publish(anEvent({ data: JSON.stringify("x".repeat(2_000)) }));
    expect(outcome).to.include({ kind: "refused", about: "message" });
    expect(outcome)
      .to.have.property("error")
      .that.matches(/has \d+ bytes, and the broker takes at most 2000/);
    expect(broker.arrived).to.have.length(0);
    expect(await publisher.publish(anEvent())).to.deep.equal({ kind: "accepted" });
  });

  for (const [what, end, sessionFault] of [
    ["the session ends with an error", () => broker.endSessions("amqp:precondition-failed", "bad"), true],
    ["the link is detached with an error", () => broker.detachLinks("amqp:link:message-size-exceeded"), true],
    ["the broker closes the connection", () => broker.closeConnections(), false],
    ["the connection is reset", () => broker.dropConnections(), false],
  ] as const)
    it(`answers unknown (session fault: ${sessionFault}) for everything in flight when ${what}, then recovers`, async () => {
      await start();
      broker.judge(() => "silence");
      const answers = Array.from({ length: 10 }, () => publisher.publish(anEvent()));
      await until(() => broker.arrived.length === 10);
      end();
      for (const outcome of await Promise.all(answers))
        expect(outcome).to.include({ kind: "unknown", sessionFault });
      expect(publisher.fault()).to.be.a("string");
      broker.judge(() => "accepted");
      await publisher.ready(AbortSignal.timeout(5_000));
      expect(await publisher.publish(anEvent())).to.deep.equal({ kind: "accepted" });
      expect(lines.filter(({ level }) => level === "warn")).to.have.length(1);
      await until(() => broker.connections() === 1);
    });

  it("takes the loss of a connection that has stood for long for what it is, and blames no set-up", async () => {
    await start();
    await new Promise((resolve) => setTimeout(resolve, SILENT_REFUSAL_MS + 100));
    broker.dropConnections();
    await until(() => publisher.fault() !== null);
    expect(publisher.fault()).to.match(/^(the broker went away$|connection failed: )/);
    expect(lines.map(({ level }) => level)).to.deep.equal(["info", "warn"]);
  });

  it("gives up the connection when a message stays unanswered, and opens another", async () => {
    await start({ sendTimeoutMs: 200 });
    broker.judge((message) => (eventOf(message).sequence === 1 ? "silence" : "accepted"));
    const outcome = await publisher.publish(anEvent({ sequence: 1 }));
    expect(outcome).to.deep.equal({
      kind: "unknown",
      sessionFault: false,
      error: "a message was not answered within 200 ms",
    });
    await publisher.ready(AbortSignal.timeout(5_000));
    expect(await publisher.publish(anEvent({ sequence: 2 }))).to.deep.equal({ kind: "accepted" });
  });

  it("sends no more than the link's credit, keeps the order of what waits, and counts the wait for the timeout", async () => {
    broker = await startFakeRabbit4();
    broker.setCredit(3);
    publish({ sendTimeoutMs: 400 });
    await publisher.ready(AbortSignal.timeout(5_000));
    const answers = Array.from({ length: 8 }, (_, i) => publisher.publish(anEvent({ sequence: i + 1 })));
    await Promise.all(answers.slice(0, 3));
    expect(broker.arrived).to.have.length(3);
    broker.addCredit(3);
    await Promise.all(answers.slice(3, 6));
    expect(broker.arrived.map((message) => eventOf(message).sequence)).to.deep.equal([1, 2, 3, 4, 5, 6]);
    for (const outcome of await Promise.all(answers.slice(6))) expect(outcome.kind).to.equal("unknown");
    expect(broker.arrived).to.have.length(6);
  });

  it("keeps the connection while the broker takes nothing, says so, and goes on when it takes messages again", async () => {
    await start({ sendTimeoutMs: 300 });
    broker.setWindow("closed");
    await until(() => publisher.fault() !== null);
    expect(publisher.fault()).to.match(/accepts no messages/);
    const before = performance.now();
    expect(await publisher.publish(anEvent())).to.include({ kind: "unknown", sessionFault: false });
    expect(performance.now() - before).to.be.below(200);
    // Longer than the send timeout: the connection is not given up over it.
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(publisher.fault()).to.match(/accepts no messages/);
    expect(lines.filter(({ level }) => level === "warn")).to.have.length(1);
    const ready = publisher.ready(AbortSignal.timeout(5_000));
    broker.setWindow("open");
    await ready;
    expect(await publisher.publish(anEvent())).to.deep.equal({ kind: "accepted" });
    expect(broker.connections()).to.equal(1);
  });

  it("says once that the exchange does not exist, and recovers when it is created", async () => {
    broker = await startFakeRabbit4();
    broker.setExchanges([]);
    publish();
    await until(() => /does not exist/.test(publisher.fault() ?? ""));
    expect(publisher.fault()).to.equal('exchange "cart.events" does not exist');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(lines.filter(({ level }) => level === "error")).to.have.length(1);
    broker.setExchanges(["cart.events"]);
    await publisher.ready(AbortSignal.timeout(10_000));
    expect(await publisher.publish(anEvent())).to.deep.equal({ kind: "accepted" });
  });

  it("does not blame a message when the exchange is deleted under it", async () => {
    await start();
    broker.setExchanges([]);
    expect(await publisher.publish(anEvent())).to.include({ kind: "unknown", sessionFault: false });
    await until(() => publisher.fault() === 'exchange "cart.events" does not exist');
    broker.setExchanges(["cart.events"]);
    await publisher.ready(AbortSignal.timeout(10_000));
    expect(await publisher.publish(anEvent())).to.deep.equal({ kind: "accepted" });
  });

  it("says once that user or password are refused, and shows neither", async () => {
    broker = await startFakeRabbit4();
    publish({ address: parseAmqpUrl(broker.url.replace(":secret@", ":hunter2@")) });
    await until(() => publisher.fault() === "the broker refuses the configured user or password");
    expect(JSON.stringify(lines)).to.not.include("hunter2");
    expect(lines.filter(({ level }) => level === "error")).to.have.length(1);
  });

  it("leaves no socket, timer or listener behind after 20 reconnects", async function () {
    this.timeout(30_000);
    await start();
    const gone = process.getActiveResourcesInfo().length;
    for (let i = 0; i < 20; i++) {
      broker.dropConnections();
      await until(() => publisher.fault() !== null);
      await publisher.ready(AbortSignal.timeout(10_000));
      expect(await publisher.publish(anEvent())).to.deep.equal({ kind: "accepted" });
    }
    await until(() => broker.connections() === 1);
    await until(() => process.getActiveResourcesInfo().length <= gone);
  });
});
