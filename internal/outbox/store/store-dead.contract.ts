import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import { ids, type OutboxScene } from "./store-scene.contract.ts";

/** Dead events, and what waits behind them. */
export function describeDead(scene: OutboxScene): void {
  const { event, pending, hold, fencedAt } = scene;

  it("parks an event once, in its place: later ones of its subject wait until it is replayed", async () => {
    const [before, parked, after, other] = [event("a", 1), event("a", 2), event("a", 3), event("b", 1)];
    await scene.store.append([before]);
    for (let twice = 0; twice < 2; twice++) await scene.store.park(parked, "x".repeat(600));
    await scene.store.append([after, other]);
    expect(ids(await pending())).to.deep.equal([before.id, other.id]);
    const [dead] = (await scene.store.listDead(1_000)).filter(({ id }) => id === parked.id);
    expect(dead).to.deep.include({ subject: "a", sequence: 2, lastError: "x".repeat(500) });
    expect(await scene.store.replay([parked.id])).to.equal(1);
    expect(ids(await pending())).to.deep.equal([before.id, parked.id, after.id, other.id]);
  });

  it("holds back only a dead event's own subject, until it is replayed", async () => {
    const before = await scene.store.backlog();
    await scene.store.append([
      event(`a${scene.base}`, 1),
      event(`a${scene.base}`, 2),
      event(`b${scene.base}`, 1),
    ]);
    const epoch = await hold("refused");
    const [first] = await fencedAt(epoch);
    const refusal = { ...first!, error: `\0no exchange 'cart' 😀 "\\" ${"x".repeat(600)}` };
    await scene.store.markRefused("refused", [{ ...refusal, attempts: 1, dead: false }]);
    expect((await pending())[0]!.attempts).to.equal(1);
    await scene.store.markRefused("refused", [{ ...refusal, attempts: 2, dead: true }]);
    expect((await pending()).map((each) => each.subject)).to.deep.equal([`b${scene.base}`]);
    expect(await scene.store.deadSubjects([scene.base])).to.deep.equal([
      { subject: `a${scene.base}`, seq: first!.seq },
    ]);
    const dead = (await scene.store.listDead(100)).find((each) => each.seq === first!.seq)!;
    expect(dead.attempts).to.equal(2);
    expect(dead.lastError).to.match(/^no exchange 'cart' 😀 "\\" x{400,}$/);
    expect(dead.lastError.length).to.be.within(490, 500);
    expect(Math.abs(dead.deadAt - Date.now())).to.be.lessThan(600_000);
    expect((await scene.store.backlog()).dead).to.equal(before.dead + 1);

    expect(await scene.store.replay([randomUUID()])).to.equal(0);
    expect(await scene.store.replay([dead.id])).to.equal(1);
    expect((await pending()).map((each) => each.sequence)).to.deep.equal([1, 2, 1]);
    expect((await pending())[0]!.attempts).to.equal(0);
    await scene.store.markRefused("refused", [{ ...refusal, attempts: 1, dead: true }]);
    expect(await scene.store.replay("all")).to.equal(1);
  });

  it("counts what waits for a dead event as pending, but not its age, until that is replayed", async () => {
    const [a, b, c] = ["a", "b", "c"].map((name) => `${name}${scene.base}`) as [string, string, string];
    const elsewhere = { partition: scene.base + 1 };
    const [dead, other] = [event(a, 1, { occurredAt: 700_000_000_000 }), event(c, 1, elsewhere)];
    const before = await scene.store.backlog();
    for (const each of [dead, other]) await scene.store.park(each, "no");
    await scene.store.append([
      event(a, 2, { occurredAt: 700_000_000_001 }),
      event(b, 1, { occurredAt: 700_000_000_002 }),
      event(c, 2, { ...elsewhere, occurredAt: 600_000_000_000 }),
    ]);
    const held = { pending: before.pending + 3, dead: before.dead + 2, oldestOccurredAt: 700_000_000_002 };
    expect(await scene.store.backlog()).to.deep.equal(held);
    expect(await scene.store.replay([dead.id])).to.equal(1);
    expect((await scene.store.backlog()).oldestOccurredAt).to.equal(dead.occurredAt);
    expect(await scene.store.replay([other.id])).to.equal(1);
  });

  it("purges what died long enough ago, and nothing else; what waited behind it is pending", async () => {
    const [dead, behind, other] = [event("a", 1), event("a", 2), event("b", 1)];
    await scene.store.park(dead, "no");
    await scene.store.append([behind, other]);
    expect(await scene.store.purgeDead(3_600_000, 1_000)).to.equal(0);
    expect(ids(await pending())).to.deep.equal([other.id]);
    await eventually("it is gone", async () => {
      await scene.store.purgeDead(1, 1);
      return (await scene.store.listDead(1_000)).every(({ id }) => id !== dead.id);
    });
    expect(ids(await pending())).to.deep.equal([behind.id, other.id]);
  });
}
