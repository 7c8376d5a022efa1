import { expect } from "chai";
import type { StagedEvent } from "../../platform/event/event.ts";
import { stagedEvent } from "../../testkit/staged-event.ts";
import { createShardQueue } from "./shard-queue.ts";

const ordinals = (events: readonly StagedEvent[]) => events.map((each) => each.ordinal);

/** A queue that has just read the stream completely, up to `last`. */
function readUpTo(last: number) {
  const queue = createShardQueue();
  queue.beginRead()([stagedEvent(last)], true);
  return queue;
}

describe("A shard's queue", () => {
  it("must read the stream before anything else", () => {
    const queue = createShardQueue();
    queue.offer(stagedEvent(1));
    expect(queue.mustRead()).to.equal(true);
    expect(queue.take(100)).to.deep.equal([]);
  });

  it("forwards from memory while it has seen every event since its last read", () => {
    const queue = readUpTo(4);
    queue.offer(stagedEvent(5));
    queue.offer(stagedEvent(6));
    expect(queue.mustRead()).to.equal(false);
    expect(ordinals(queue.take(100))).to.deep.equal([5, 6]);
    expect(queue.take(100)).to.deep.equal([]);
  });

  it("gives no more at once than is asked for, and the rest in order after it", () => {
    const queue = readUpTo(4);
    for (const ordinal of [5, 6, 7]) queue.offer(stagedEvent(ordinal));
    expect(ordinals(queue.take(2))).to.deep.equal([5, 6]);
    expect(queue.hasMore()).to.equal(true);
    queue.offer(stagedEvent(8));
    expect(ordinals(queue.take(2))).to.deep.equal([7, 8]);
    expect(queue.hasMore()).to.equal(false);
  });

  it("must read when another process has staged something in between", () => {
    const queue = readUpTo(4);
    queue.offer(stagedEvent(5));
    queue.offer(stagedEvent(7));
    expect(queue.mustRead()).to.equal(true);
    expect(queue.take(100)).to.deep.equal([]);
  });

  it("must read when ordinals go back, as after a Redis that lost its last writes", () => {
    const queue = readUpTo(9);
    queue.offer(stagedEvent(3));
    expect(queue.mustRead()).to.equal(true);
  });

  it("continues the chain with what was offered while it was reading", () => {
    const queue = createShardQueue();
    const endRead = queue.beginRead();
    queue.offer(stagedEvent(2));
    queue.offer(stagedEvent(3));
    endRead([stagedEvent(1), stagedEvent(2)], true);
    expect(queue.mustRead()).to.equal(false);
    expect(ordinals(queue.take(100))).to.deep.equal([3]);
  });

  it("must read again when what was offered while reading does not fit what was read", () => {
    const queue = createShardQueue();
    const endRead = queue.beginRead();
    queue.offer(stagedEvent(5));
    endRead([stagedEvent(1), stagedEvent(2)], true);
    expect(queue.mustRead()).to.equal(true);
  });

  it("must read again after a read that did not reach the end", () => {
    const queue = createShardQueue();
    queue.beginRead()([stagedEvent(1)], false);
    expect(queue.mustRead()).to.equal(true);
  });

  it("is not fooled by a read that was under way when the chain broke", () => {
    const queue = createShardQueue();
    const endRead = queue.beginRead();
    queue.breakChain();
    endRead([stagedEvent(1)], true);
    expect(queue.mustRead()).to.equal(true);
  });
});
