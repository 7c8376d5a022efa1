import { randomUUID } from "node:crypto";
import { expect } from "chai";
import pg from "pg";
import type { EventEnvelope, StagedEvent } from "../../platform/event/event.ts";
import { ORIGIN } from "../../testkit/event-origin.ts";
import { eventually } from "../../testkit/eventually.ts";
import type { Forwarder } from "./forwarder.ts";
import { counting, forwarderScene, SHARDS } from "./forwarder-scene.contract.ts";
import { sweepStaged } from "./sweeper.ts";

describe("The forwarder", function () {
  this.timeout(60_000);
  const scene = forwarderScene();
  const { stream, stage, forwarderTo, committedIds } = scene;

  it("commits many concurrent requests in far fewer transactions, each shard in stream order", async () => {
    const writer = counting(scene.store);
    const forwarder = forwarderTo(writer);
    const staged: StagedEvent[] = [];
    const outcomes = await Promise.all(
      Array.from({ length: 400 }, async (_, index) => {
        const event = await stage(index % SHARDS, `s${index % 7}`);
        staged.push(event);
        return forwarder.committed(event);
      }),
    );
    expect(new Set(outcomes)).to.deep.equal(new Set(["committed"]));
    expect(writer.groups.length).to.be.lessThan(100);
    for (let shard = 0; shard < SHARDS; shard++) {
      const order = staged
        .filter((each) => each.event.partition === shard)
        .toSorted((a, b) => a.ordinal - b.ordinal);
      expect(await committedIds(shard)).to.deep.equal(order.map((each) => each.event.id));
    }
    await eventually("the streams are empty", async () => (await scene.staging.backlog()).staged === 0);
  });

  it("keeps stream order and inserts nothing twice when two forwarders race on one shard", async () => {
    const forwarders = [forwarderTo(scene.store), forwarderTo(scene.store)];
    const staged: StagedEvent[] = [];
    const shopper = async (forwarder: Forwarder, subject: string) => {
      for (let n = 0; n < 40; n++) {
        const event = await stage(1, subject);
        staged.push(event);
        expect(await forwarder.committed(event)).to.equal("committed");
      }
    };
    await Promise.all(Array.from({ length: 10 }, (_, index) => shopper(forwarders[index % 2]!, `s${index}`)));
    const order = staged.toSorted((a, b) => a.ordinal - b.ordinal).map((each) => each.event.id);
    expect(await committedIds(1)).to.deep.equal(order);
  });

  it("notifies of the partitions it has committed, once their events can be read and not before", async () => {
    const readable: string[][] = [];
    const notified: number[][] = [];
    let failing = true;
    const writer = {
      park: scene.store.park,
      appendWhereFree: async (events: readonly EventEnvelope[]) => {
        if (failing) throw new Error("the database is away");
        return scene.store.appendWhereFree(events);
      },
    };
    let looked: Promise<unknown> = Promise.resolve();
    const forwarder = forwarderTo(writer, 10_000, (partitions) => {
      notified.push([...partitions]);
      looked = Promise.all(partitions.map(async (each) => readable.push(await committedIds(each))));
    });
    const staged = [await stage(1, "x"), await stage(3, "y"), await stage(1, "x")];
    expect(await forwarder.committed(staged[0]!)).to.equal("staged");
    expect(notified).to.deep.equal([]);
    failing = false;
    await eventually("both shards are committed", async () => {
      await forwarder.forward([1, 3]);
      return (await scene.staging.backlog()).staged === 0;
    });
    await looked;
    expect(new Set(notified.flat())).to.deep.equal(new Set([1, 3]));
    expect(new Set(readable.flat())).to.deep.equal(new Set(staged.map((each) => each.event.id)));
  });

  it("passes by a shard that a rival is committing, and comes back to it", async () => {
    const entered = Promise.withResolvers<void>();
    const leave = Promise.withResolvers<void>();
    const [busy, free] = [await stage(1, "busy"), await stage(2, "free")];
    const rival = scene.store.database.transaction(async (tx) => {
      await scene.store.append([busy.event], tx);
      entered.resolve();
      await leave.promise;
    });
    await entered.promise;
    const forwarder = forwarderTo(scene.store);
    const waiting = forwarder.committed(busy);
    expect(await forwarder.committed(free)).to.equal("committed");
    expect(await committedIds(1)).to.deep.equal([]);
    expect(forwarder.trouble(), "a rival at work is no outage").to.equal(null);
    const behind = await stage(1, "behind");
    leave.resolve();
    await rival;
    expect(await Promise.all([waiting, forwarder.committed(behind)])).to.deep.equal([
      "committed",
      "committed",
    ]);
    expect(await committedIds(1)).to.deep.equal([busy.event.id, behind.event.id]);
  });

  it("takes along what another process staged before and never forwarded", async () => {
    const orphans = [await stage(2, "x"), await stage(2, "y")];
    const own = await stage(2, "x");
    expect(await forwarderTo(scene.store).committed(own)).to.equal("committed");
    expect(await committedIds(2)).to.deep.equal([...orphans, own].map((each) => each.event.id));
  });

  it("reads what an earlier release staged without source and name of the sequence", async () => {
    const fields = {
      id: randomUUID(),
      type: "cart.updated",
      subject: "a",
      version: 7,
      at: 5,
      trace: "",
      n: 1,
      data: "{}",
    };
    await scene.redis.xadd(stream(0), "*", ...Object.entries(fields).flat().map(String));
    const [read] = await scene.staging.oldest(0, 10);
    expect(read!.event).to.include({ ...ORIGIN, subject: "a", sequence: 7 });
  });

  it("says committed of an event that another has committed and taken out of the stream", async () => {
    const staged = await stage(0, "x");
    expect(await forwarderTo(scene.store).committed(staged)).to.equal("committed");
    expect(await forwarderTo(scene.store).committed(staged)).to.equal("committed");
    expect(await committedIds(0)).to.deep.equal([staged.event.id]);
  });

  it("answers staged when the commit fails, without waiting while it keeps failing, and commits when it can again", async () => {
    let failing = true;
    const forwarder = forwarderTo({
      park: scene.store.park,
      appendWhereFree: async (events) => {
        if (failing) throw new Error("the database is away");
        return scene.store.appendWhereFree(events);
      },
    });
    const staged = [await stage(3, "x"), await stage(3, "x")];
    expect(await forwarder.committed(staged[0]!)).to.equal("staged");
    expect(await forwarder.committed(staged[1]!)).to.equal("staged");
    expect((await scene.staging.backlog()).staged).to.equal(2);
    expect(forwarder.trouble()).to.equal(
      "events are staged in Redis and not committed: the database does not take them",
    );
    failing = false;
    await eventually(
      "the background retry has committed both",
      async () => (await committedIds(3)).length === 2,
    );
    expect(await committedIds(3)).to.deep.equal(staged.map((each) => each.event.id));
    const third = await stage(3, "x");
    await eventually(
      "requests are committed again",
      async () => (await forwarder.committed(third)) === "committed",
    );
    expect(forwarder.trouble()).to.equal(null);
  });

  it("answers staged when the commit takes too long, and goes on when it ends", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const forwarder = forwarderTo(
      {
        park: scene.store.park,
        appendWhereFree: async (events) => held.then(() => scene.store.appendWhereFree(events)),
      },
      50,
    );
    const staged = await stage(0, "slow");
    expect(await forwarder.committed(staged)).to.equal("staged");
    expect(
      await forwarder.committed(await stage(0, "slow")),
      "at once, the database being known as stuck",
    ).to.equal("staged");
    release();
    await eventually("both are committed", async () => (await committedIds(0)).length === 2);
  });

  it("forwards in the sweep what is old enough, shard by shard, and leaves young events to their process", async () => {
    const forwarder = forwarderTo(scene.store);
    const staged = [];
    for (let n = 0; n < 1_200; n++) staged.push(stage(1, `s${n % 3}`));
    const ids = (await Promise.all(staged))
      .toSorted((a, b) => a.ordinal - b.ordinal)
      .map((each) => each.event.id);
    await sweepStaged(scene.staging, forwarder, 3_600_000);
    expect((await scene.staging.backlog()).staged).to.equal(1_200);
    await eventually("all is swept", async () => {
      await sweepStaged(scene.staging, forwarder, 0);
      return (await scene.staging.backlog()).staged === 0;
    });
    expect(await committedIds(1)).to.deep.equal(ids);
  });

  it("does not take its own catching up on a slow database for another outage", async function () {
    if (!scene.databaseUrl.startsWith("postgres")) {
      console.log("      skipped: the slowness is a trigger of PostgreSQL's; make test runs it");
      return this.skip();
    }
    const [msEach, events, patienceMs] = [3, 500, 1_000];
    await slowDown(msEach);
    try {
      const writer = counting(scene.store);
      let failing = true;
      const forwarder = forwarderTo(
        {
          park: scene.store.park,
          appendWhereFree: async (events) => {
            if (failing) throw new Error("the database is away");
            return writer.appendWhereFree(events);
          },
        },
        patienceMs,
      );
      const staged = [];
      for (let n = 0; n < events; n++) staged.push(await stage(n % SHARDS, "cart"));
      expect(await forwarder.committed(staged[0]!)).to.equal("staged");
      await forwarder.forward([0, 1, 2, 3]);
      failing = false;
      await eventually("all is committed", async () => (await scene.staging.backlog()).staged === 0, {
        timeoutMs: 40_000,
      });
      expect(Math.max(...writer.groups.map((group) => group.length)) * msEach).to.be.lessThan(patienceMs / 2);
      const told = scene.lines.filter(({ level }) => level === "warn" || level === "info");
      expect(
        told.map(({ level }) => level),
        "one outage, and its end",
      ).to.deep.equal(["warn", "info"]);
    } finally {
      await slowDown(0);
    }
  });

  /** Makes every insert take so many ms a row longer, while the database has nothing else to do. */
  async function slowDown(msEach: number): Promise<void> {
    const owner = new pg.Client({ connectionString: scene.databaseUrl });
    await owner.connect();
    await owner.query("DROP TRIGGER IF EXISTS slow ON outbox_event");
    if (msEach > 0)
      await owner.query(`
        CREATE OR REPLACE FUNCTION be_slow() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN PERFORM pg_sleep((SELECT count(*) FROM added) * ${msEach} / 1000.0); RETURN NULL; END $$;
        CREATE TRIGGER slow AFTER INSERT ON outbox_event REFERENCING NEW TABLE AS added
          FOR EACH STATEMENT EXECUTE FUNCTION be_slow()`);
    await owner.end();
  }
});
