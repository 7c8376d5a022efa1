import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import type { OutboxScene } from "./store-scene.contract.ts";

/** What is pending, how it is read, and that what was published is purged. */
export function describePending(scene: OutboxScene): void {
  const { event, pending, hold, fencedAt } = scene;

  it("reads beyond each partition's cursor, so many of each", async () => {
    const other = scene.base + 1;
    await scene.store.append(
      [1, 2, 3].flatMap((version) => [event("a", version), event("b", version, { partition: other })]),
    );
    const all = await scene.store.pending(
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

  it("names the first pending event of each partition, also where a cursor has passed it", async () => {
    await scene.store.append([event("a", 1), event("a", 2), event("b", 1, { partition: scene.base + 1 })]);
    const stored = await pending();
    const epoch = await hold("marker");
    const oldest = () => scene.store.oldestPending([scene.base, scene.base + 1, scene.base + 2]);
    const [other] = await pending(scene.base + 1);
    const there = { partition: scene.base + 1, seq: other!.seq };
    expect(await oldest()).to.have.deep.members([{ partition: scene.base, seq: stored[0]!.seq }, there]);
    await scene.store.markPublished("marker", (await fencedAt(epoch)).slice(0, 1));
    expect(await oldest()).to.have.deep.members([{ partition: scene.base, seq: stored[1]!.seq }, there]);
    const [second] = await fencedAt(epoch);
    await scene.store.markRefused("marker", [{ ...second!, attempts: 1, error: "no", dead: true }]);
    await scene.store.append([event("a", 3)]);
    expect(await oldest(), "the third waits for the dead one").to.deep.equal([there]);
    await scene.store.replay("all");
    expect(await scene.store.oldestPending([])).to.deep.equal([]);
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
