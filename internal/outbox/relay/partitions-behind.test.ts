import { mock } from "node:test";
import { expect } from "chai";
import { openPartition, testDelivery } from "../../testkit/deliveries.ts";
import { createPartitionsBehind, STANDS_STILL_MS } from "./partitions-behind.ts";
import { createSubjectQueues } from "./subject-queues.ts";

describe("The partitions that a relay is behind with", () => {
  let clock = 0;
  beforeEach(() => {
    mock.method(performance, "now", () => clock);
  });
  afterEach(() => mock.reset());

  function scene() {
    const queues = createSubjectQueues();
    const unreadable = new Set<object>();
    const behind = createPartitionsBehind({ queues, readable: (each) => !unreadable.has(each) });
    const partition = openPartition();
    for (let n = 1; n <= 10; n++) queues.enter(testDelivery(partition, `cart-${n}`));
    return { queues, unreadable, behind, partition };
  }

  it("are those whose last read left something, while they are held", () => {
    const { behind, partition } = scene();
    const other = openPartition(1);
    behind.read(partition, true);
    behind.read(other, true);
    expect(behind.count()).to.equal(2);
    behind.read(partition, false);
    expect(behind.count()).to.equal(1);
    other.phase = "lost";
    expect(behind.count()).to.equal(0);
  });

  it("are not those of which nothing was settled for a while, however often they are read, until something is", () => {
    const { queues, behind, partition } = scene();
    behind.read(partition, true);
    clock += STANDS_STILL_MS - 1;
    queues.done(queues.next()!);
    expect(behind.count()).to.equal(1);
    clock += STANDS_STILL_MS - 1;
    expect(behind.count(), "it has moved since").to.equal(1);
    clock += 1;
    expect(behind.count()).to.equal(0);
    behind.read(partition, true);
    expect(behind.count(), "read again").to.equal(0);
    queues.park(queues.next()!);
    expect(behind.count(), "one is dead").to.equal(0);
    queues.done(queues.next()!);
    expect(behind.count(), "one is published").to.equal(1);
  });

  it("are not those that are read no further", () => {
    const { unreadable, behind, partition } = scene();
    behind.read(partition, true);
    unreadable.add(partition);
    expect(behind.count()).to.equal(0);
  });
});
