import { mock } from "node:test";
import { setImmediate } from "node:timers/promises";
import { expect } from "chai";
import { Registry } from "../../platform/metrics/metrics.ts";
import { openPartition, testDelivery } from "../../testkit/deliveries.ts";
import { createMemoryPublisher } from "../../testkit/memory-publisher.ts";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import { createRelayMetrics } from "../metrics.ts";
import { createSending } from "./sending.ts";
import { createSubjectQueues, type Delivery } from "./subject-queues.ts";

/** The broker is in memory; what is accepted is settled at once. */
function scene({ window = 4, allowed = (_delivery: Delivery): boolean => true } = {}) {
  const partition = openPartition();
  const queues = createSubjectQueues();
  const publisher = createMemoryPublisher();
  const refused: string[][] = [];
  let settled = 0;
  const sending = createSending({
    publisher,
    queues,
    window,
    allowed,
    accepted: (delivery) => queues.done(delivery),
    refused: async ({ event }, error, about) => void refused.push([event.id, error, about]),
    settled: () => settled++,
    shed: () => {},
    waits: () => {},
    reread: () => {},
    metrics: createRelayMetrics(new Registry()),
    log: recordingLogger().log,
  });
  const enter = (subject: string, sequence = 1, type?: string) => {
    const delivery = testDelivery(partition, subject, sequence, type);
    queues.enter(delivery);
    return delivery;
  };
  const attempts = () => publisher.attempts.map(({ id }) => id);
  /** Everything that an answer leads to has happened. */
  const answered = () => setImmediate();
  return {
    sending,
    queues,
    publisher,
    partition,
    enter,
    attempts,
    refused,
    answered,
    settled: () => settled,
  };
}

describe("What is sent to the broker", () => {
  afterEach(() => mock.reset());

  it("fills the window and no more, and goes on as answers come", async () => {
    const { sending, publisher, enter, attempts, answered, settled } = scene({ window: 2 });
    for (const subject of ["a", "b", "c"]) enter(subject);
    publisher.hold();
    sending.pump();
    expect([attempts(), sending.unanswered(0), sending.unanswered(1)]).to.deep.equal([["a-1", "b-1"], 2, 0]);
    publisher.release();
    await answered();
    expect([attempts(), sending.unanswered(0), settled()]).to.deep.equal([["a-1", "b-1", "c-1"], 0, 3]);
  });

  it("leaves out what has lost its lease, and goes on with the rest", async () => {
    const { sending, enter, attempts } = scene({ allowed: ({ event }) => event.subject !== "a" });
    for (const subject of ["a", "b"]) enter(subject);
    sending.pump();
    expect(attempts()).to.deep.equal(["b-1"]);
  });

  it("waits for the connection, then repeats what is in doubt one at a time, before anything else", async () => {
    const { sending, publisher, enter, attempts, answered } = scene();
    for (const subject of ["a", "b"]) enter(subject);
    publisher.hold();
    sending.pump();
    publisher.disconnect();
    await answered();
    enter("c");
    sending.pump();
    expect(attempts()).to.deep.equal(["a-1", "b-1"]);
    publisher.reconnect();
    await answered();
    expect(attempts().slice(2)).to.deep.equal(["a-1"]);
    publisher.release();
    await answered();
    expect(attempts().slice(2)).to.deep.equal(["a-1", "b-1", "c-1"]);
    expect(publisher.published).to.have.length(3);
  });

  it("tells of a refused message, with the broker's words", async () => {
    const { sending, publisher, enter, refused, answered } = scene();
    enter("a");
    publisher.refuse(() => true, { error: "too large" });
    sending.pump();
    await answered();
    expect(refused).to.deep.equal([["a-1", "too large", "message"]]);
    expect(sending.trouble()).to.equal(null);
  });

  it("waits for a full queue, and says so until an event of the type is taken", async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    const { sending, publisher, enter, attempts, refused, answered } = scene();
    enter("a");
    publisher.refuse(() => true, { times: 1, about: "full" });
    sending.pump();
    await answered();
    expect([sending.trouble(), refused]).to.deep.equal([
      "events of type cart.updated wait: a queue is full",
      [],
    ]);
    mock.timers.tick(500);
    await answered();
    expect([attempts(), sending.trouble()]).to.deep.equal([["a-1", "a-1"], null]);
  });

  it("blames a type for the second connection in a row that ends over a message sent alone", async () => {
    const { sending, publisher, enter, answered } = scene();
    enter("a");
    publisher.lose(() => true, { times: 2, arrives: false, resets: true });
    sending.pump();
    await answered();
    // The first attempt was not alone; the second was, and is the first suspicion.
    expect([publisher.published.length, sending.trouble()]).to.deep.equal([1, null]);
    enter("b");
    publisher.lose(() => true, { times: 3, arrives: false, resets: true });
    sending.pump();
    await answered();
    expect(sending.trouble()).to.equal(
      "events of type cart.updated wait: the broker ends the connection over them",
    );
    sending.stop();
  });

  it("takes a session that ends over a message sent alone for its refusal", async () => {
    const { sending, publisher, enter, refused, answered } = scene();
    enter("a");
    publisher.lose(() => true, { times: 2, arrives: false, sessionFault: true });
    sending.pump();
    await answered();
    expect(refused.map(([id, , about]) => [id, about])).to.deep.equal([["a-1", "message"]]);
  });

  it("is tried again after the pause that was asked for, unless sending has stopped", async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    const { sending, queues, enter, attempts } = scene();
    for (const subject of ["a", "b"]) enter(subject);
    const [a, b] = [queues.next()!, queues.next()!];
    sending.retryLater(a, 100);
    sending.retryLater(b, 200);
    mock.timers.tick(99);
    expect(attempts()).to.deep.equal([]);
    mock.timers.tick(1);
    expect(attempts()).to.deep.equal(["a-1"]);
    sending.stop();
    enter("c");
    mock.timers.tick(100);
    sending.pump();
    expect(attempts()).to.deep.equal(["a-1"]);
  });
});
