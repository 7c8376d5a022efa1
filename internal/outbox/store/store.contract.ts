import { randomUUID } from "node:crypto";
import { expect } from "chai";
import type { EventEnvelope } from "../../platform/event/event.ts";
import { eventually } from "../../testkit/eventually.ts";
import { EventsRefused } from "./store.ts";
import { describeLeases } from "./store-leases.contract.ts";
import { type OutboxBench, outboxScene } from "./store-scene.contract.ts";

const ids = (events: readonly { id: string }[]) => events.map((each) => each.id);

/** What every outbox store must do. */
export function describeOutboxStore(name: string, bench: OutboxBench): void {
  describe(`the outbox in ${name}`, function () {
    this.timeout(60_000);
    const scene = outboxScene(bench);
    const { event, pending, hold, fencedAt } = scene;

    it("keeps events as they are, in the order given", async () => {
      const data = JSON.stringify({
        text: "quotes \" ' \\ emoji 😀 é \u2028 tab\t",
        long: "x".repeat(8_000),
      });
      const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
      const events = [event("a", 1, { data, traceparent }), event("b", 1), event("a", 2)];
      await scene.store.append(events);
      const stored = await pending();
      const parsed = ({ data, ...rest }: EventEnvelope) => ({ ...rest, data: JSON.parse(data) });
      expect(stored.map(({ seq, attempts, ...rest }) => parsed(rest))).to.deep.equal(events.map(parsed));
      expect(stored.map((each) => each.seq)).to.deep.equal(
        stored.map((each) => each.seq).toSorted((x, y) => x - y),
      );
      expect(stored[0]!.attempts).to.equal(0);
    });

    it("takes an event once, however often and beside whatever it comes", async () => {
      const [a, b, c] = [event("a", 1), event("a", 2), event("a", 3)];
      await scene.store.append([a, b, a]);
      await scene.store.append([b, c]);
      await scene.store.append([]);
      expect(ids(await pending())).to.deep.equal([a.id, b.id, c.id]);
    });

    it("keeps one order and one copy when two writers race on overlapping events", async () => {
      for (let round = 0; round < 10; round++) {
        const events = Array.from({ length: 30 }, (_, index) => event(`r${round}`, index + 1));
        await Promise.all([
          scene.store.append(events.slice(0, 20)),
          scene.rival.append(events),
          scene.store.append(events.slice(0, 25)),
          scene.rival.append(events.slice(0, 10)),
        ]);
        const stored = (await pending()).filter((each) => each.subject === `r${round}`);
        expect(ids(stored)).to.deep.equal(ids(events));
      }
    });

    for (const how of ["COMMIT", "ROLLBACK"] as const) {
      it(`waits for a rival that has inserted one of the events, and has all of them after its ${how}`, async () => {
        const events = [event("a", 1), event("a", 2), event("a", 3)];
        const open = await scene.begin();
        await open.insert(events[1]!);
        let appended = false;
        const appending = scene.store.append(events).then(() => {
          appended = true;
        });
        // Appends to other partitions go on meanwhile; the one that must wait has had its time.
        for (let other = 1; other < 10; other++)
          await scene.rival.append([event("b", 1, { partition: scene.base + other })]);
        expect(appended).to.equal(false);
        await open.end(how);
        await appending;
        expect((await pending()).map((each) => each.id)).to.have.members(ids(events));
        expect(await pending()).to.have.length(3);
      });
    }

    it("refuses events that it cannot hold as such, and then takes none of the batch", async () => {
      const well = event("a", 1);
      for (const fault of [{ type: "t".repeat(65) }, { sequence: Number.NaN }]) {
        const refused = await scene.store
          .append([well, event("a", 2, fault)])
          .catch((error: unknown) => error);
        expect(refused).to.be.instanceOf(EventsRefused);
      }
      expect(await pending()).to.deep.equal([]);
      await scene.store.append([well]);
    });

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

    describe("with several kinds of writers", () => {
      it("passes by a partition that another is writing to, when it need not wait, and names it", async () => {
        const [slow, behind] = [event("slow", 1), event("behind", 1)];
        const beside = event("beside", 1, { partition: scene.base + 1 });
        const entered = Promise.withResolvers<void>();
        const leave = Promise.withResolvers<void>();
        const writing = scene.rival.database.transaction(async (tx) => {
          await scene.rival.append([slow], tx);
          entered.resolve();
          await leave.promise;
        });
        await entered.promise;
        expect(await scene.store.appendWhereFree([behind, beside])).to.deep.equal([scene.base]);
        expect(ids(await pending(scene.base + 1))).to.deep.equal([beside.id]);
        leave.resolve();
        await writing;
        expect(await scene.store.appendWhereFree([behind, beside])).to.deep.equal([]);
        expect(ids(await pending())).to.deep.equal([slow.id, behind.id]);
        expect(ids(await pending(scene.base + 1))).to.deep.equal([beside.id]);
        expect(await scene.store.appendWhereFree([])).to.deep.equal([]);
      });

      it("shows a partition's events in seq order, so that a reader's cursor passes none of a slow writer", async () => {
        const [slow, quick] = [event("slow", 1), event("quick", 1)];
        const entered = Promise.withResolvers<void>();
        const leave = Promise.withResolvers<void>();
        const writing = scene.store.database.transaction(async (tx) => {
          await scene.store.append([slow], tx);
          entered.resolve();
          await leave.promise;
        });
        await entered.promise;
        const beside = scene.rival.append([quick]);
        // Appends to other partitions go on meanwhile; the one that must wait has had its time.
        for (let other = 1; other < 10; other++)
          await scene.rival.append([event("b", 1, { partition: scene.base + other })]);
        const seen = await pending();
        const cursor = seen.at(-1)?.seq ?? 0;
        leave.resolve();
        await Promise.all([writing, beside]);
        const later = await pending(scene.base, cursor);
        expect(ids([...seen, ...later])).to.deep.equal([slow.id, quick.id]);
      });

      it("commits a transaction's events with whatever else it does, or none of both", async () => {
        const [kept, dropped] = [event("a", 1), event("a", 2)];
        await scene.store.database.transaction((tx) => scene.store.append([kept], tx));
        const failed = scene.store.database.transaction(async (tx) => {
          await scene.store.append([dropped], tx);
          throw new Error("no");
        });
        expect(await failed.catch((error: Error) => error.message)).to.equal("no");
        expect(ids(await pending())).to.deep.equal([kept.id]);
      });

      it("goes on when transactions take partitions in opposite orders", async () => {
        const transfers = Array.from({ length: 4 }, (_, n) => {
          const there = [event(`t${n}`, 1), event(`t${n}`, 2, { partition: scene.base + 1 })];
          if (n % 2 === 1) there.reverse();
          return scene.store.database.transaction(async (tx) => {
            for (const each of there) await scene.store.append([each], tx);
          });
        });
        await Promise.all(transfers);
        expect(await pending()).to.have.length(4);
        expect(await pending(scene.base + 1)).to.have.length(4);
      });
    });

    it("has all events when writers lock the same ids in opposite orders", async () => {
      const events = Array.from({ length: 60 }, (_, index) => event("a", index + 1));
      const turned = events.toReversed();
      await Promise.all(
        [scene.store, scene.rival, scene.store, scene.rival].map((each, at) =>
          each.append(at % 2 ? turned : events),
        ),
      );
      expect(ids(await pending())).to.have.members(ids(events));
      expect(await pending()).to.have.length(60);
    });

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

    it("takes a large group at once", async () => {
      const events = Array.from({ length: 1_000 }, (_, index) => event(`s${index % 50}`, index));
      await scene.store.append(events);
      expect(ids(await pending())).to.deep.equal(ids(events));
    });

    describeLeases(scene);
  });
}
