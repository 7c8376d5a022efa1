import { expect } from "chai";
import { stagedEvent } from "../../testkit/staged-event.ts";
import { createGatherer } from "./gatherer.ts";
import { createShardQueue } from "./shard-queue.ts";
import { createWaiters } from "./waiters.ts";

/** Streams with so many entries each, and what is gathered from them. */
function sceneOf(lengths: readonly number[]) {
  const streams = lengths.map((length, shard) => Array.from({ length }, (_, n) => stagedEvent(n + 1, shard)));
  const reads: { shard: number; limit: number }[] = [];
  const queues = streams.map(() => createShardQueue());
  const gatherer = createGatherer({
    queues,
    waiters: createWaiters({ shards: lengths.length, timeoutMs: 1_000, onTimeout: () => {} }),
    staging: {
      oldest: async (shard, limit) => {
        reads.push({ shard, limit });
        return streams[shard]!.slice(0, limit);
      },
    },
    metrics: { streamReads: { inc: () => {} } as never },
  });
  const dirty = new Set(lengths.keys());
  return { streams, reads, queues, dirty, gather: (limit: number) => gatherer.gather(dirty, limit, 1) };
}

describe("What goes into a commit", () => {
  it("is a little of many shards as well, however small the commit is to be", async () => {
    const scene = sceneOf(Array(64).fill(1));
    const { entries } = await scene.gather(16);
    expect(entries).to.have.length(16);
    expect(new Set(entries.map(({ event }) => event.partition)).size).to.equal(16);
    const left = await scene.gather(2_000);
    expect(left.entries).to.have.length(48);
    expect(scene.dirty.size).to.equal(0);
  });

  it("is never more than asked for, and a shard of which something is left stays to be read", async () => {
    const scene = sceneOf([100, 100, 20]);
    const { entries } = await scene.gather(150);
    expect(entries).to.have.length(2 * 51 + 20);
    for (const long of [0, 1])
      expect([scene.dirty.has(long), scene.queues[long]!.mustRead()]).to.deep.equal([true, true]);
    expect([scene.dirty.has(2), scene.queues[2]!.mustRead()]).to.deep.equal([false, false]);
  });

  it("is read without much that it has no room for, however much waits", async () => {
    const scene = sceneOf(Array(64).fill(500));
    const { entries } = await scene.gather(512);
    expect(entries).to.have.length(512);
    const read = scene.reads.reduce((sum, { limit }) => sum + limit, 0);
    expect(read).to.be.at.most(512 + 2 * 64);
  });

  it("keeps the order of each shard", async () => {
    const scene = sceneOf([5, 0, 7]);
    const { entries } = await scene.gather(2_000);
    for (const [shard, stream] of scene.streams.entries())
      expect(entries.filter(({ event }) => event.partition === shard)).to.deep.equal(stream);
  });

  it("comes from memory, cut as well, where memory has it all", async () => {
    const scene = sceneOf([1]);
    await scene.gather(10);
    for (const ordinal of [2, 3, 4]) scene.queues[0]!.offer(stagedEvent(ordinal));
    scene.dirty.add(0);
    scene.reads.length = 0;
    expect((await scene.gather(2)).entries.map(({ ordinal }) => ordinal)).to.deep.equal([2, 3]);
    expect(scene.dirty.has(0)).to.equal(true);
    expect((await scene.gather(2)).entries.map(({ ordinal }) => ordinal)).to.deep.equal([4]);
    expect(scene.dirty.size + scene.reads.length).to.equal(0);
  });

  it("comes from each shard in turn: what was left is not overtaken by the shards before it", async () => {
    const scene = sceneOf(Array(4).fill(500));
    const seen = [];
    for (let n = 0; n < 4; n++) seen.push((await scene.gather(8)).entries[0]!.event.partition);
    expect(seen.toSorted()).to.deep.equal([0, 1, 2, 3]);
  });
});
