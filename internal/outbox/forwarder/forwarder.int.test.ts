import { randomUUID } from "node:crypto";
import { expect } from "chai";
import type { StagedEvent } from "../../platform/event/event.ts";
import { createLogger } from "../../platform/logger/logger.ts";
import { Registry } from "../../platform/metrics/metrics.ts";
import { awaitRedis, connectRedis, type RedisConnection } from "../../platform/redis/redis.ts";
import { parseRedisUrl } from "../../platform/redis/redis-url.ts";
import { ORIGIN } from "../../testkit/event-origin.ts";
import { eventually } from "../../testkit/eventually.ts";
import { type OpenOutbox, openOutbox } from "../../testkit/outbox.ts";
import { migrateDatabase } from "../../testkit/processes/platform.ts";
import { ownDatabase, testRedis } from "../../testkit/servers/test-servers.ts";
import type { CommitNotifier } from "../commit-notifier.ts";
import { createForwarderMetrics } from "../metrics.ts";
import type { OutboxWriter } from "../store/store.ts";
import { createForwarder, type Forwarder } from "./forwarder.ts";
import { createRedisStaging } from "./staging.redis.ts";
import type { StagingArea } from "./staging.ts";
import { sweepStaged } from "./sweeper.ts";

const SHARDS = 4;
const log = createLogger("test", "fatal");

describe("The forwarder", function () {
  this.timeout(60_000);
  let redis: RedisConnection;
  let staging: StagingArea;
  let store: OpenOutbox;
  let space = "";
  const forwarders: Forwarder[] = [];
  const stream = (shard: number) => `${space}:{${shard}}`;

  before(async () => {
    const database = await ownDatabase();
    await migrateDatabase(database);
    store = openOutbox(database.appUrl);
    redis = connectRedis(parseRedisUrl((await testRedis()).url)!, { log, commandTimeoutMs: 5_000 });
    await awaitRedis(redis, 10_000);
  });
  after(async () => {
    await store?.close();
    redis?.disconnect();
  });
  beforeEach(() => {
    space = `outbox-${randomUUID()}`;
    staging = createRedisStaging({ redis, shards: SHARDS, stream, unnamed: ORIGIN });
  });
  afterEach(async () => {
    await Promise.all(forwarders.splice(0).map((forwarder) => forwarder.close()));
  });

  /** Stages an event as the cart's scripts do. */
  async function stage(shard: number, subject: string): Promise<StagedEvent> {
    const version = await redis.incr(`${space}:{${shard}}:n`);
    const event = {
      id: randomUUID(),
      partition: shard,
      ...ORIGIN,
      type: "cart.updated",
      subject,
      sequence: version,
      data: "{}",
      traceparent: space,
      occurredAt: Date.now(),
    };
    const { id, source, type, data, occurredAt } = event;
    const fields = {
      id,
      source,
      type,
      subject: event.subject,
      seqname: event.sequenceName,
      version,
      at: occurredAt,
      trace: space,
      n: version,
      data,
    };
    const entryId = await redis.xadd(stream(shard), "*", ...Object.entries(fields).flat().map(String));
    return { entryId: entryId!, ordinal: version, event };
  }

  function forwarderTo(
    writer: OutboxWriter,
    commitTimeoutMs = 10_000,
    area = staging,
    notify: CommitNotifier["notify"] = () => {},
  ) {
    const registry = new Registry();
    const metrics = createForwarderMetrics(registry);
    const forwarder = createForwarder({
      store: writer,
      staging: area,
      notifier: { notify },
      shards: SHARDS,
      commitTimeoutMs,
      metrics,
      log,
    });
    forwarders.push(forwarder);
    return forwarder;
  }

  /** A writer that counts its transactions and notes what they held. */
  function counting(writer: OutboxWriter) {
    const groups: string[][] = [];
    return {
      groups,
      append: async (events: Parameters<OutboxWriter["append"]>[0]) => {
        groups.push(events.map((event) => event.id));
        await writer.append(events);
      },
    };
  }

  /** What is in the outbox of this test's making, in its order. */
  async function committedIds(shard: number): Promise<string[]> {
    const events = await store.pending([{ partition: shard, after: 0 }], 100_000);
    return events.filter((event) => event.traceparent === space).map((event) => event.id);
  }

  it("commits many concurrent requests in far fewer transactions, each shard in stream order", async () => {
    const writer = counting(store);
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
    await eventually("the streams are empty", async () => (await staging.backlog()).staged === 0);
  });

  it("keeps stream order and inserts nothing twice when two forwarders race on one shard", async () => {
    const forwarders = [forwarderTo(store), forwarderTo(store)];
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

  it("rings for the partitions it has committed, once their events can be read and not before", async () => {
    const readable: string[][] = [];
    const notified: number[][] = [];
    let failing = true;
    const writer = {
      append: async (events: Parameters<OutboxWriter["append"]>[0]) => {
        if (failing) throw new Error("the database is away");
        await store.append(events);
      },
    };
    let looked: Promise<unknown> = Promise.resolve();
    const forwarder = forwarderTo(writer, 10_000, staging, (partitions) => {
      notified.push([...partitions]);
      looked = Promise.all(partitions.map(async (each) => readable.push(await committedIds(each))));
    });
    const staged = [await stage(1, "x"), await stage(3, "y"), await stage(1, "x")];
    expect(await forwarder.committed(staged[0]!)).to.equal("staged");
    expect(notified).to.deep.equal([]);
    failing = false;
    await eventually("both shards are committed", async () => {
      await forwarder.forward([1, 3]);
      return (await staging.backlog()).staged === 0;
    });
    await looked;
    expect(new Set(notified.flat())).to.deep.equal(new Set([1, 3]));
    expect(new Set(readable.flat())).to.deep.equal(new Set(staged.map((each) => each.event.id)));
  });

  it("takes along what another process staged before and never forwarded", async () => {
    const orphans = [await stage(2, "x"), await stage(2, "y")];
    const own = await stage(2, "x");
    expect(await forwarderTo(store).committed(own)).to.equal("committed");
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
    await redis.xadd(stream(0), "*", ...Object.entries(fields).flat().map(String));
    const [read] = await staging.oldest(0, 10);
    expect(read!.event).to.include({ ...ORIGIN, subject: "a", sequence: 7 });
  });

  it("says committed of an event that another has committed and taken out of the stream", async () => {
    const staged = await stage(0, "x");
    expect(await forwarderTo(store).committed(staged)).to.equal("committed");
    expect(await forwarderTo(store).committed(staged)).to.equal("committed");
    expect(await committedIds(0)).to.deep.equal([staged.event.id]);
  });

  it("answers staged when the commit fails, without waiting while it keeps failing, and commits when it can again", async () => {
    let failing = true;
    const forwarder = forwarderTo({
      append: async (events) => {
        if (failing) throw new Error("the database is away");
        await store.append(events);
      },
    });
    const staged = [await stage(3, "x"), await stage(3, "x")];
    expect(await forwarder.committed(staged[0]!)).to.equal("staged");
    expect(await forwarder.committed(staged[1]!)).to.equal("staged");
    expect((await staging.backlog()).staged).to.equal(2);
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
  });

  it("answers staged when the commit takes too long, and goes on when it ends", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const forwarder = forwarderTo({ append: async (events) => held.then(() => store.append(events)) }, 50);
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
    const forwarder = forwarderTo(store);
    const staged = [];
    for (let n = 0; n < 1_200; n++) staged.push(stage(1, `s${n % 3}`));
    const ids = (await Promise.all(staged))
      .toSorted((a, b) => a.ordinal - b.ordinal)
      .map((each) => each.event.id);
    await sweepStaged(staging, forwarder, 3_600_000);
    expect((await staging.backlog()).staged).to.equal(1_200);
    await eventually("all is swept", async () => {
      await sweepStaged(staging, forwarder, 0);
      return (await staging.backlog()).staged === 0;
    });
    expect(await committedIds(1)).to.deep.equal(ids);
  });

  it("lets one shard's malformed entry hold up no other shard", async () => {
    await redis.xadd(stream(0), "*", "junk", "1");
    const forwarder = forwarderTo(store);
    const bad = await stage(0, "behind");
    const waiting = forwarder.committed(bad);
    expect(await forwarder.committed(await stage(1, "beside"))).to.equal("committed");
    await redis.xtrim(stream(0), "MAXLEN", 1);
    await forwarder.forward([0]);
    expect(await waiting).to.equal("committed");
  });
});
