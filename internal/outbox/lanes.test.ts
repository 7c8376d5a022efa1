import { expect } from "chai";
import { createLanes, type Delivery, type OwnedPartition } from "./lanes.ts";

const open = (partition = 0): OwnedPartition => ({
  partition,
  epoch: 1,
  validUntil: Number.POSITIVE_INFINITY,
  phase: "open",
  cursor: 0,
  held: 0,
});

const delivery = (partition: OwnedPartition, subject: string, version: number): Delivery => ({
  partition,
  attempts: 0,
  event: {
    id: `${subject}-${version}`,
    seq: version,
    partition: partition.partition,
    type: "cart.updated",
    subject,
    version,
    payload: "{}",
    traceparent: null,
    occurredAt: 0,
    attempts: 0,
  },
});

const name = (each: Delivery | undefined) => each?.event.id;

describe("The relay's lanes", () => {
  it("let one event of a subject out at a time, and other subjects beside it", () => {
    const lanes = createLanes();
    const partition = open();
    for (const [subject, version] of [
      ["a", 1],
      ["a", 2],
      ["b", 1],
    ] as const)
      lanes.enter(delivery(partition, subject, version));
    const first = lanes.next()!;
    expect(name(first)).to.equal("a-1");
    expect(name(lanes.next())).to.equal("b-1");
    expect(lanes.next()).to.equal(undefined);
    lanes.done(first);
    expect(name(lanes.next())).to.equal("a-2");
    expect(partition.held).to.equal(2);
  });

  it("hold the rest of a subject back while its first event is tried again", () => {
    const lanes = createLanes();
    const partition = open();
    lanes.enter(delivery(partition, "a", 1));
    lanes.enter(delivery(partition, "a", 2));
    const first = lanes.next()!;
    lanes.again(first);
    expect(name(lanes.next())).to.equal("a-1");
    expect(lanes.next()).to.equal(undefined);
  });

  it("take a parked event's followers out with it, and leave other subjects alone", () => {
    const lanes = createLanes();
    const partition = open();
    for (const [subject, version] of [
      ["a", 1],
      ["a", 2],
      ["b", 1],
    ] as const)
      lanes.enter(delivery(partition, subject, version));
    lanes.park(lanes.next()!);
    expect(name(lanes.next())).to.equal("b-1");
    expect(lanes.next()).to.equal(undefined);
    expect(partition.held).to.equal(1);
  });

  it("drop what belongs to a partition that was lost", () => {
    const lanes = createLanes();
    const [lost, kept] = [open(1), open(2)];
    lanes.enter(delivery(lost, "a", 1));
    lanes.enter(delivery(kept, "b", 1));
    lost.phase = "lost";
    lanes.drop(lost);
    expect(name(lanes.next())).to.equal("b-1");
    expect(lanes.next()).to.equal(undefined);
    expect(lost.held).to.equal(0);
  });

  it("keep order over many events", () => {
    const lanes = createLanes();
    const partition = open();
    for (let version = 1; version <= 3_000; version++)
      lanes.enter(delivery(partition, `s${version % 7}`, version));
    const last = new Map<string, number>();
    for (let sent = lanes.next(); sent; sent = lanes.next()) {
      expect(sent.event.version).to.be.greaterThan(last.get(sent.event.subject) ?? 0);
      last.set(sent.event.subject, sent.event.version);
      lanes.done(sent);
    }
    expect(partition.held).to.equal(0);
  });
});
