import { expect } from "chai";
import type { EventEnvelope } from "../../platform/event/event.ts";
import { EventsRefused } from "./store.ts";
import { ids, type OutboxScene } from "./store-scene.contract.ts";

/** Events that come in, from one writer or several. */
export function describeAppends(scene: OutboxScene): void {
  const { event, pending } = scene;

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
      const refused = await scene.store.append([well, event("a", 2, fault)]).catch((error: unknown) => error);
      expect(refused).to.be.instanceOf(EventsRefused);
    }
    expect(await pending()).to.deep.equal([]);
    await scene.store.append([well]);
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

  it("takes a large group at once", async () => {
    const events = Array.from({ length: 1_000 }, (_, index) => event(`s${index % 50}`, index));
    await scene.store.append(events);
    expect(ids(await pending())).to.deep.equal(ids(events));
  });
}
