import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import { freePending } from "../../testkit/outbox.ts";
import type { OutboxScene } from "./store-scene.contract.ts";

/** What is pending, how it is read, and that what was published is purged. */
export function describePending(scene: OutboxScene): void {
  const { event, pending, hold, fencedAt } = scene;

  it("reads beyond each partition's cursor, so many of each", async () => {
    const other = scene.base + 1;
    await scene.store.append(
      [1, 2, 3].flatMap((version) => [event("a", version), event("b", version, { partition: other })]),
    );
    const all = await freePending(
      scene.store,
      [
        { partition: scene.base, after: 0 },
        { partition: other, after: 0 },
      ],
      2,
    );
    const of = (partition: number) =>
      all.filter((each) => each.partition === partition).map((each) => each.sequence);
    expect([of(scene.base), of(other)]).to.deep.equal([
      [1, 2],
      [1, 2],
    ]);
    const second = all.filter((each) => each.partition === scene.base)[1]!;
    expect((await pending(scene.base, second.seq)).map((each) => each.sequence)).to.deep.equal([3]);
  });

  it("tells of what waits for a dead event that it does, and for which, and leaves its payload there", async () => {
    await scene.store.park(event("a", 1), "no");
    await scene.store.park(event("a", 2), "no");
    await scene.store.append([event("a", 3), event("b", 1)]);
    const found = await scene.store.pending([{ partition: scene.base, after: 0 }], 10);
    const dead = (await scene.store.deadSubjects([scene.base]))[0]!;
    const waitsFor = { seq: dead.seq, partition: scene.base };
    const third = { seq: dead.seq + 2, partition: scene.base, subject: "a", waitsFor };
    expect(found[0]).to.deep.equal(third);
    expect(found[1]).to.include({ subject: "b", data: '{"subject":"b","sequence":1}' });
    expect(await scene.store.pending([{ partition: scene.base, after: 0 }], 1)).to.deep.equal([third]);
    await scene.store.replay("all");
  });

  it("names partitions with something pending behind a cursor, but for what waits for a dead event", async () => {
    const other = scene.base + 1;
    await scene.store.append([event("a", 1), event("a", 2), event("b", 1, { partition: other })]);
    const [first, second] = await pending();
    const [there] = await pending(other);
    const behind = (until: number, most = 10) =>
      scene.store.pendingBehind(
        [
          { partition: scene.base, after: until },
          { partition: other, after: there!.seq },
        ],
        most,
      );
    expect(await behind(first!.seq - 1)).to.deep.equal([other]);
    expect(await behind(first!.seq)).to.have.members([scene.base, other]);
    const epoch = await hold("marker");
    await scene.store.markPublished("marker", (await fencedAt(epoch)).slice(0, 1));
    expect(await behind(first!.seq)).to.deep.equal([other]);
    expect(await behind(second!.seq)).to.have.members([scene.base, other]);
    const [left] = await fencedAt(epoch);
    await scene.store.markRefused("marker", [{ ...left!, attempts: 1, error: "no", dead: true }]);
    await scene.store.append([event("a", 3), event("c", 1), event("a", 4), event("a", 5)]);
    expect(await behind(there!.seq + 1), "the third waits for the dead one").to.deep.equal([other]);
    expect(await behind(there!.seq + 4, 3)).to.have.members([scene.base, other]);
    expect(await behind(there!.seq + 4, 2), "it looks at no more than it is told").to.deep.equal([other]);
    await scene.store.replay("all");
    expect(await scene.store.pendingBehind([], 10)).to.deep.equal([]);
  });

  it("tells what waits, and since when", async () => {
    const before = await scene.store.backlog();
    await scene.store.append([event("old", 1, { occurredAt: 1_000_000_000_001 }), event("new", 1)]);
    const backlog = await scene.store.backlog();
    expect(backlog.pending).to.equal(before.pending + 2);
    expect(backlog.oldestOccurredAt).to.equal(1_000_000_000_001);
  });

  it("tells since when, also of a partition that no relay has ever held", async () => {
    await scene.store.append([event("a", 1, { partition: 9_000, occurredAt: 900_000_000_000 })]);
    expect((await scene.store.backlog()).oldestOccurredAt).to.equal(900_000_000_000);
  });

  it("purges what was published long enough ago, and nothing else", async () => {
    await scene.store.append([event("a", 1), event("a", 2), event("a", 3)]);
    const epoch = await hold("purger");
    await scene.store.markPublished("purger", (await fencedAt(epoch)).slice(0, 2));
    expect(await scene.store.purge(3_600_000, 1_000)).to.equal(0);
    let purged = 0;
    await eventually("the published ones are gone", async () => {
      purged += await scene.store.purge(1, 1);
      return purged >= 2;
    });
    expect((await pending()).map((each) => each.sequence)).to.deep.equal([3]);
  });
}
