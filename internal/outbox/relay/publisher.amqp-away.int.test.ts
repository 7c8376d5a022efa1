import { expect } from "chai";
import { parseAmqpUrl } from "../../platform/amqp/amqp-url.ts";
import { checkPerCartOrder } from "../../testkit/event-consumer.ts";
import { eventually } from "../../testkit/eventually.ts";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import type { RabbitServer } from "../../testkit/servers/rabbitmq.ts";
import { ownRabbit } from "../../testkit/servers/test-servers.ts";
import { createAmqpPublisher } from "./publisher.amqp.ts";
import { anEvent, until } from "./publisher.contract.ts";
import type { Publisher } from "./publisher.ts";
import { names, publishCarts, SET_UP, tap } from "./publisher-scene.contract.ts";

describe("the AMQP publisher when a real RabbitMQ goes away", function () {
  this.timeout(180_000);
  let rabbit: RabbitServer;
  let consumer: Awaited<ReturnType<typeof tap>>;
  let publisher: Publisher;
  before(async () => {
    rabbit = await ownRabbit();
    consumer = await tap(rabbit);
    await rabbit.persist();
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
    await Promise.all(brokers.map((broker) => broker.persist()));
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
