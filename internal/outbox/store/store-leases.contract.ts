import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import { freePending } from "../../testkit/outbox.ts";
import type { OutboxScene } from "./store-scene.contract.ts";

/** Leases, and the fence that they put around every mark. */
export function describeLeases(scene: OutboxScene): void {
  const { event, pending, hold, fencedAt } = scene;

  it("marks published under the fence, and answers a repeated mark as the first time", async () => {
    await scene.store.append([event("a", 1), event("a", 2)]);
    const epoch = await hold("marker");
    const outcomes = await fencedAt(epoch);
    expect(await scene.store.markPublished("marker", outcomes.slice(0, 1))).to.deep.equal([outcomes[0]!.seq]);
    const both = outcomes.map(({ seq }) => seq);
    expect(await scene.store.markPublished("marker", outcomes)).to.have.members(both);
    expect(await pending()).to.deep.equal([]);
    const repeated = await Promise.all([
      scene.store.markPublished("marker", outcomes),
      scene.rival.markPublished("marker", outcomes),
    ]);
    for (const seqs of repeated) expect(seqs).to.have.members(both);
    const gone = outcomes.map((each) => ({ ...each, seq: each.seq + 1_000_000 }));
    expect(await scene.store.markPublished("marker", gone), "of events that are not there").to.deep.equal([]);
  });

  it("marks nothing by its seq alone, which a restored database gives again, in the same batch as others", async () => {
    await scene.store.append([event("a", 1), event("a", 2)]);
    const epoch = await hold("marker");
    const [first, second] = await fencedAt(epoch);
    const former = { ...first!, id: randomUUID() };
    expect(await scene.store.markPublished("marker", [former, second!])).to.deep.equal([second!.seq]);
    expect(
      await scene.store.markRefused("marker", [{ ...former, attempts: 9, error: "no", dead: true }]),
    ).to.deep.equal([]);
    expect((await pending()).map(({ id, attempts }) => [id, attempts])).to.deep.equal([[first!.id, 0]]);
    await scene.store.retire("marker");
  });

  it("lets a write with an old epoch, or by another relay, change nothing", async () => {
    await scene.store.append([event("a", 1)]);
    const epoch = await hold("old", 1);
    const outcomes = await fencedAt(epoch);
    await eventually("the lease can be stolen", async () =>
      (await scene.store.claim("new", 400, 60_000)).some((l) => l.partition === scene.base),
    );
    expect(await scene.store.markPublished("old", outcomes)).to.deep.equal([]);
    expect(await scene.store.markPublished("new", outcomes), "right relay, old epoch").to.deep.equal([]);
    expect(
      await scene.store.markRefused("old", [{ ...outcomes[0]!, attempts: 9, error: "no", dead: true }]),
    ).to.deep.equal([]);
    expect(await pending()).to.have.length(1);
    await scene.store.retire("new");
  });

  for (const how of ["COMMIT", "ROLLBACK"] as const) {
    it(`waits with its marks for a claim that is under way, and obeys its ${how}`, async () => {
      await scene.store.append([event("a", 1), event("a", 2)]);
      const epoch = await hold("old");
      const [first, second] = await fencedAt(epoch);
      const thief = await scene.begin();
      await thief.run(
        `UPDATE outbox_partition SET owner = 'thief', epoch = epoch + 1 WHERE partition_no = ${scene.base}`,
      );
      const answers: number[][] = [];
      const marking = Promise.all([
        scene.store.markPublished("old", [first!]).then((seqs) => answers.push(seqs)),
        scene.store
          .markRefused("old", [{ ...second!, attempts: 1, error: "no", dead: false }])
          .then((seqs) => answers.push(seqs)),
      ]);
      // Other work on the outbox goes on meanwhile; the marks that must wait have had their time.
      for (let other = 1; other < 10; other++)
        await scene.rival.append([event("b", 1, { partition: scene.base + other })]);
      expect(answers).to.deep.equal([]);
      await thief.end(how);
      await marking;
      expect(answers.flat()).to.have.members(how === "COMMIT" ? [] : [first!.seq, second!.seq]);
      await scene.store.retire("old");
      await scene.store.retire("thief");
    });
  }

  it("raises the epoch each time a partition changes hands, and never takes a live lease", async () => {
    const first = await hold("one");
    expect((await scene.store.claim("two", 400, 60_000)).map((lease) => lease.partition)).not.to.include(
      scene.base,
    );
    await scene.store.retire("two");
    await scene.store.release("one", [{ partition: scene.base, epoch: first - 1 }]);
    expect((await scene.store.renew("one", 60_000)).leases, "a release with an old epoch").to.deep.include({
      partition: scene.base,
      epoch: first,
    });
    await scene.store.release("one", [{ partition: scene.base, epoch: first }]);
    expect(await hold("two")).to.equal(first + 1);
    await scene.store.retire("one");
    await scene.store.retire("two");
  });

  it("lets a relay mark, renew and give back at the same time", async () => {
    const mine = Array.from({ length: 10 }, (_, index) => scene.base + index);
    const all = await scene.store.claim("busy", 400, 60_000);
    const held = new Map(all.map((lease) => [lease.partition, lease.epoch]));
    await scene.store.release(
      "busy",
      all.filter((lease) => !mine.includes(lease.partition)),
    );
    for (let round = 0; round < 20; round++) {
      await scene.store.append(mine.toReversed().map((partition) => event("a", round, { partition })));
      const found = await freePending(
        scene.store,
        mine.map((partition) => ({ partition, after: 0 })),
        100,
      );
      const outcomes = found.map(({ seq, id, partition }) => ({
        seq,
        id,
        partition,
        epoch: held.get(partition)!,
      }));
      const [marked, renewed] = await Promise.all([
        scene.store.markPublished("busy", outcomes),
        scene.rival.renew("busy", 60_000),
        scene.rival.renew("busy", 60_000),
      ]);
      expect([marked.length, renewed.leases.length]).to.deep.equal([10, 10]);
    }
    await scene.store.retire("busy");
  });

  it("counts the relays that live, and forgets one that retires", async () => {
    await scene.store.renew("alive-1", 60_000);
    const { relays } = await scene.store.renew("alive-2", 60_000);
    await scene.store.retire("alive-1");
    expect((await scene.store.renew("alive-2", 60_000)).relays).to.equal(relays - 1);
    await scene.store.renew("brief", 1);
    await eventually(
      "the brief one is gone",
      async () => (await scene.store.renew("alive-2", 60_000)).relays === relays - 1,
    );
    await scene.store.retire("alive-2");
    await scene.store.retire("brief");
  });

  it("removes the rows of relays gone for an hour, so that names of restarts do not pile up", async () => {
    const announceLongAgo = async () => {
      const other = await scene.begin();
      await other.run("INSERT INTO outbox_relay (relay, alive_until) VALUES ('long-gone', '2000-01-01')");
      await other.end("COMMIT");
    };
    await announceLongAgo();
    await scene.store.renew("present", 60_000);
    // The name is the key: it can be written again only where the row is gone.
    await announceLongAgo();
    await scene.store.renew("present", 60_000);
    await scene.store.retire("present");
  });

  it("does not take a partition that a rival is taking, whether it waits for the rival or passes by", async () => {
    const thief = await scene.begin();
    await thief.run(
      `UPDATE outbox_partition SET owner = 'thief', epoch = epoch + 1, lease_until = '2999-01-01'
        WHERE partition_no = ${scene.base}`,
    );
    const claiming = scene.store.claim("late", 400, 60_000);
    // The claim has looked at the rows by now, or passed by.
    for (let other = 1; other < 10; other++)
      await scene.rival.append([event("b", 1, { partition: scene.base + other })]);
    await thief.end("COMMIT");
    const claimed = await claiming;
    expect(claimed.length).to.be.greaterThan(300);
    expect(claimed.map((lease) => lease.partition)).not.to.include(scene.base);
    await scene.store.retire("late");
    await scene.store.retire("thief");
  });

  it("never gives one partition to two relays that claim at once", async () => {
    const relays = Array.from({ length: 6 }, (_, index) => `claimer-${index}`);
    const claims = await Promise.all(
      relays.map((relay, index) => (index % 2 ? scene.store : scene.rival).claim(relay, 70, 60_000)),
    );
    const taken = claims.flat().map((lease) => lease.partition);
    expect(new Set(taken).size).to.equal(taken.length);
    expect(taken.length).to.be.at.least(70);
    await Promise.all(relays.map((relay) => scene.store.retire(relay)));
  });
}
