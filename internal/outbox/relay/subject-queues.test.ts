import { expect } from "chai";
import { testDelivery as delivery, openPartition as open } from "../../testkit/deliveries.ts";
import { createSubjectQueues, type Delivery, MOST_BEHIND } from "./subject-queues.ts";

const name = (each: Delivery | undefined) => each?.event.id;

describe("The relay's queues", () => {
  it("let one event of a subject out at a time, and other subjects beside it", () => {
    const queues = createSubjectQueues();
    const partition = open();
    for (const [subject, version] of [
      ["a", 1],
      ["a", 2],
      ["b", 1],
    ] as const)
      queues.enter(delivery(partition, subject, version));
    const first = queues.next()!;
    expect(name(first)).to.equal("a-1");
    expect(name(queues.next())).to.equal("b-1");
    expect(queues.next()).to.equal(undefined);
    queues.done(first);
    expect(name(queues.next())).to.equal("a-2");
    expect(queues.held()).to.equal(2);
  });

  it("hold the rest of a subject back while its first event is tried again", () => {
    const queues = createSubjectQueues();
    const partition = open();
    queues.enter(delivery(partition, "a", 1));
    queues.enter(delivery(partition, "a", 2));
    const first = queues.next()!;
    queues.requeue(first);
    expect(name(queues.next())).to.equal("a-1");
    expect(queues.next()).to.equal(undefined);
  });

  it("take a parked event's followers out with it, and leave other subjects alone", () => {
    const queues = createSubjectQueues();
    const partition = open();
    for (const [subject, version] of [
      ["a", 1],
      ["a", 2],
      ["b", 1],
    ] as const)
      queues.enter(delivery(partition, subject, version));
    queues.park(queues.next()!);
    expect(name(queues.next())).to.equal("b-1");
    expect(queues.next()).to.equal(undefined);
    expect(queues.held()).to.equal(1);
  });

  it("drop what belongs to a partition that was lost", () => {
    const queues = createSubjectQueues();
    const [lost, kept] = [open(1), open(2)];
    queues.enter(delivery(lost, "a", 1));
    queues.enter(delivery(kept, "b", 1));
    lost.phase = "lost";
    queues.drop(lost);
    expect(name(queues.next())).to.equal("b-1");
    expect(queues.next()).to.equal(undefined);
    expect(queues.held(), "the one of the partition that is kept").to.equal(1);
  });

  it("keep order over many events", () => {
    const queues = createSubjectQueues();
    const partition = open();
    for (let version = 1; version <= 3_000; version++)
      queues.enter(delivery(partition, `s${version % 7}`, version));
    const last = new Map<string, number>();
    for (let sent = queues.next(); sent; sent = queues.next()) {
      expect(sent.event.sequence).to.be.greaterThan(last.get(sent.event.subject) ?? 0);
      last.set(sent.event.subject, sent.event.sequence);
      queues.done(sent);
    }
    expect(queues.held()).to.equal(0);
  });

  it("keep only so many behind one that waits for the broker, and say what they leave out", () => {
    const queues = createSubjectQueues();
    const partition = open();
    const enter = (version: number) => queues.enter(delivery(partition, "a", version));
    for (let version = 1; version <= 2 * MOST_BEHIND; version++) expect(enter(version)).to.equal(true);
    const head = queues.next()!;
    head.waits = true;
    expect([queues.trim(head), head.trimmed, queues.held()]).to.deep.equal([true, true, 1 + MOST_BEHIND]);
    head.trimmed = false;
    expect([enter(99), head.trimmed, queues.trim(head)]).to.deep.equal([false, true, false]);
    expect(queues.enter(delivery(partition, "b", 1))).to.equal(true);
    expect(queues.held()).to.equal(2 + MOST_BEHIND);
  });
});
