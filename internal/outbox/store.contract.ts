import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { eventually } from "../testkit/eventually.ts";
import type { OutboxEvent } from "./event.ts";
import type { Fenced, OutboxStore } from "./store.ts";

/** What every outbox store must do; `open` gives stores on one empty, migrated database. */
export function describeOutboxStore(name: string, open: () => Promise<OutboxStore>): void {
  describe(`the outbox in ${name}`, function () {
    this.timeout(60_000);
    let store: OutboxStore;
    let rival: OutboxStore;
    /** Each test uses partitions of its own, so none depends on another's rows. */
    let base = 0;

    before(async () => {
      store = await open();
      rival = await open();
      await store.ensurePartitions(400);
    });
    after(async () => {
      await store?.close();
      await rival?.close();
    });
    beforeEach(() => {
      base += 10;
    });

    const event = (subject: string, version: number, more: Partial<OutboxEvent> = {}): OutboxEvent => ({
      id: randomUUID(),
      partition: base,
      type: "cart.updated",
      subject,
      version,
      payload: JSON.stringify({ subject, version }),
      traceparent: null,
      occurredAt: 1_700_000_000_123,
      ...more,
    });
    const pending = (partition = base, after = 0, limit = 1_000) =>
      store.pending([{ partition, after }], limit);
    const ids = (events: readonly { id: string }[]) => events.map((each) => each.id);
    /** Makes `relay` the holder of the test's partition, whatever others are free. */
    const hold = async (relay: string, ttlMs = 60_000) => {
      const claimed = await store.claim(relay, 400, ttlMs);
      const mine = claimed.find((lease) => lease.partition === base);
      if (!mine) throw new Error("the partition was not free");
      await store.release(
        relay,
        claimed.filter((lease) => lease.partition !== base),
      );
      return mine.epoch;
    };
    const fencedAt = async (epoch: number): Promise<Fenced[]> =>
      (await pending()).map(({ seq, partition }) => ({ seq, partition, epoch }));

    it("keeps events as they are, in the order given", async () => {
      const payload = JSON.stringify({
        text: "quotes \" ' \\ emoji 😀 é \u2028 tab\t",
        long: "x".repeat(8_000),
      });
      const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
      const events = [event("a", 1, { payload, traceparent }), event("b", 1), event("a", 2)];
      await store.append(events);
      const stored = await pending();
      const parsed = ({ payload, ...rest }: OutboxEvent) => ({ ...rest, data: JSON.parse(payload) });
      expect(stored.map(({ seq, attempts, ...rest }) => parsed(rest))).to.deep.equal(events.map(parsed));
      expect(stored.map((each) => each.seq)).to.deep.equal(
        stored.map((each) => each.seq).toSorted((x, y) => x - y),
      );
      expect(stored[0]!.attempts).to.equal(0);
    });

    it("takes an event once, however often and beside whatever it comes", async () => {
      const [a, b, c] = [event("a", 1), event("a", 2), event("a", 3)];
      await store.append([a, b, a]);
      await store.append([b, c]);
      await store.append([]);
      expect(ids(await pending())).to.deep.equal([a.id, b.id, c.id]);
    });

    it("keeps one order and one copy when two writers race on overlapping events", async () => {
      for (let round = 0; round < 10; round++) {
        const events = Array.from({ length: 30 }, (_, index) => event(`r${round}`, index + 1));
        await Promise.all([
          store.append(events.slice(0, 20)),
          rival.append(events),
          store.append(events.slice(0, 25)),
          rival.append(events.slice(0, 10)),
        ]);
        const stored = (await pending()).filter((each) => each.subject === `r${round}`);
        expect(ids(stored)).to.deep.equal(ids(events));
      }
    });

    it("reads beyond each partition's cursor, so many of each", async () => {
      const other = base + 1;
      await store.append(
        [1, 2, 3].flatMap((version) => [event("a", version), event("b", version, { partition: other })]),
      );
      const all = await store.pending(
        [
          { partition: base, after: 0 },
          { partition: other, after: 0 },
        ],
        2,
      );
      const of = (partition: number) =>
        all.filter((each) => each.partition === partition).map((each) => each.version);
      expect([of(base), of(other)]).to.deep.equal([
        [1, 2],
        [1, 2],
      ]);
      const second = all.filter((each) => each.partition === base)[1]!;
      expect((await pending(base, second.seq)).map((each) => each.version)).to.deep.equal([3]);
    });

    it("marks published under the fence, and no event twice", async () => {
      await store.append([event("a", 1), event("a", 2)]);
      const epoch = await hold("marker");
      const fate = await fencedAt(epoch);
      expect(await store.markPublished("marker", fate.slice(0, 1))).to.deep.equal([fate[0]!.seq]);
      expect(await store.markPublished("marker", fate)).to.deep.equal([fate[1]!.seq]);
      expect(await pending()).to.deep.equal([]);
    });

    it("lets a write with an old epoch, or by another relay, change nothing", async () => {
      await store.append([event("a", 1)]);
      const epoch = await hold("old", 1);
      const fate = await fencedAt(epoch);
      await eventually("the lease can be stolen", async () =>
        (await store.claim("new", 400, 60_000)).some((l) => l.partition === base),
      );
      expect(await store.markPublished("old", fate)).to.deep.equal([]);
      expect(await store.markPublished("new", fate), "right relay, old epoch").to.deep.equal([]);
      expect(
        await store.markRefused("old", [{ ...fate[0]!, attempts: 9, error: "no", dead: true }]),
      ).to.deep.equal([]);
      expect(await pending()).to.have.length(1);
      await store.retire("new");
    });

    it("raises the epoch each time a partition changes hands, and never takes a live lease", async () => {
      const first = await hold("one");
      expect((await store.claim("two", 400, 60_000)).map((lease) => lease.partition)).not.to.include(base);
      await store.retire("two");
      await store.release("one", [{ partition: base, epoch: first - 1 }]);
      expect((await store.renew("one", 60_000)).leases, "a release with an old epoch").to.deep.include({
        partition: base,
        epoch: first,
      });
      await store.release("one", [{ partition: base, epoch: first }]);
      expect(await hold("two")).to.equal(first + 1);
      await store.retire("one");
      await store.retire("two");
    });

    it("counts the relays that live, and forgets one that retires", async () => {
      await store.renew("alive-1", 60_000);
      const { relays } = await store.renew("alive-2", 60_000);
      await store.retire("alive-1");
      expect((await store.renew("alive-2", 60_000)).relays).to.equal(relays - 1);
      await store.renew("brief", 1);
      await eventually(
        "the brief one is gone",
        async () => (await store.renew("alive-2", 60_000)).relays === relays - 1,
      );
      await store.retire("alive-2");
      await store.retire("brief");
    });

    it("never gives one partition to two relays that claim at once", async () => {
      const relays = Array.from({ length: 6 }, (_, index) => `claimer-${index}`);
      const claims = await Promise.all(
        relays.map((relay, index) => (index % 2 ? store : rival).claim(relay, 70, 60_000)),
      );
      const taken = claims.flat().map((lease) => lease.partition);
      expect(new Set(taken).size).to.equal(taken.length);
      await Promise.all(relays.map((relay) => store.retire(relay)));
    });

    it("holds back only a dead event's own subject, until it is replayed", async () => {
      const before = await store.backlog();
      await store.append([event(`a${base}`, 1), event(`a${base}`, 2), event(`b${base}`, 1)]);
      const epoch = await hold("refused");
      const [first] = await fencedAt(epoch);
      const refusal = { ...first!, error: "x".repeat(600) };
      await store.markRefused("refused", [{ ...refusal, attempts: 1, dead: false }]);
      expect((await pending())[0]!.attempts).to.equal(1);
      await store.markRefused("refused", [{ ...refusal, attempts: 2, dead: true }]);
      expect((await pending()).map((each) => each.subject)).to.deep.equal([`b${base}`]);
      expect(await store.deadSubjects([base])).to.deep.equal([`a${base}`]);
      const dead = (await store.listDead(100)).find((each) => each.seq === first!.seq)!;
      expect([dead.attempts, dead.lastError.length]).to.deep.equal([2, 500]);
      expect(Math.abs(dead.deadAt - Date.now())).to.be.lessThan(600_000);
      expect((await store.backlog()).dead).to.equal(before.dead + 1);

      expect(await store.replay([randomUUID()])).to.equal(0);
      expect(await store.replay([dead.id])).to.equal(1);
      expect((await pending()).map((each) => each.version)).to.deep.equal([1, 2, 1]);
      expect((await pending())[0]!.attempts).to.equal(0);
      await store.markRefused("refused", [{ ...refusal, attempts: 1, dead: true }]);
      expect(await store.replay("all")).to.equal(1);
    });

    it("tells what waits, and since when", async () => {
      const before = await store.backlog();
      await store.append([event("old", 1, { occurredAt: 1_000_000_000_001 }), event("new", 1)]);
      const backlog = await store.backlog();
      expect(backlog.pending).to.equal(before.pending + 2);
      expect(backlog.oldestOccurredAt).to.equal(1_000_000_000_001);
    });

    it("purges what was published long enough ago, and nothing else", async () => {
      await store.append([event("a", 1), event("a", 2), event("a", 3)]);
      const epoch = await hold("purger");
      await store.markPublished("purger", (await fencedAt(epoch)).slice(0, 2));
      expect(await store.purge(3_600_000, 1_000)).to.equal(0);
      let purged = 0;
      await eventually("the published ones are gone", async () => {
        purged += await store.purge(1, 1);
        return purged >= 2;
      });
      expect((await pending()).map((each) => each.version)).to.deep.equal([3]);
    });

    it("takes a large group at once", async () => {
      const events = Array.from({ length: 1_000 }, (_, index) => event(`s${index % 50}`, index));
      await store.append(events);
      expect(ids(await pending())).to.deep.equal(ids(events));
    });
  });
}
