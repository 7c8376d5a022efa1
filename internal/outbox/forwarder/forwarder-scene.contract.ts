import { randomUUID } from "node:crypto";
import type { EventEnvelope, StagedEvent } from "../../platform/event/event.ts";
import { Registry } from "../../platform/metrics/metrics.ts";
import { awaitRedis, connectRedis, type RedisConnection } from "../../platform/redis/redis.ts";
import { parseRedisUrl } from "../../platform/redis/redis-url.ts";
import { ORIGIN } from "../../testkit/event-origin.ts";
import { freePending, type OpenOutbox, openOutbox } from "../../testkit/outbox.ts";
import { migrateDatabase } from "../../testkit/processes/platform.ts";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import { ownDatabase, testRedis } from "../../testkit/servers/test-servers.ts";
import type { CommitNotifier } from "../commit-notifier.ts";
import { createForwarderMetrics } from "../metrics.ts";
import type { OutboxWriter } from "../store/store.ts";
import { createForwarder, type Forwarder } from "./forwarder.ts";
import { createRedisStaging } from "./staging.redis.ts";
import type { StagingArea } from "./staging.ts";

export const SHARDS = 4;

export type Writer = Pick<OutboxWriter, "appendWhereFree" | "park">;

/**
 * Redis and a migrated database for the tests of the surrounding `describe`, with streams and
 * subjects of each test's own, and forwarders that are closed after it.
 */
export function forwarderScene() {
  let redis: RedisConnection;
  let staging: StagingArea;
  let store: OpenOutbox;
  let databaseUrl = "";
  let space = "";
  let recorded = recordingLogger();
  let metrics = createForwarderMetrics(new Registry());
  const forwarders: Forwarder[] = [];
  const stream = (shard: number) => `${space}:{${shard}}`;
  const setAside = (shard: number) => `${space}-dead:{${shard}}`;

  before(async () => {
    const database = await ownDatabase();
    await migrateDatabase(database);
    databaseUrl = database.url;
    store = openOutbox(database.appUrl);
    redis = connectRedis(parseRedisUrl((await testRedis()).url)!, {
      log: recorded.log,
      commandTimeoutMs: 5_000,
    });
    await awaitRedis(redis, 10_000);
  });
  after(async () => {
    await store?.close();
    redis?.disconnect();
  });
  beforeEach(() => {
    space = `outbox-${randomUUID()}`;
    recorded = recordingLogger();
    metrics = createForwarderMetrics(new Registry());
    staging = createRedisStaging({ redis, shards: SHARDS, stream, setAside, unnamed: ORIGIN });
  });
  afterEach(async () => {
    await Promise.all(forwarders.splice(0).map((forwarder) => forwarder.close()));
  });

  return {
    stream,
    setAside,
    get redis() {
      return redis;
    },
    get staging() {
      return staging;
    },
    get store() {
      return store;
    },
    /** As the database's owner. */
    get databaseUrl() {
      return databaseUrl;
    },
    /** What the test's forwarders have logged. */
    get lines() {
      return recorded.lines;
    },
    get metrics() {
      return metrics;
    },

    /** Stages an event as the cart's scripts do; `spoilt` replaces fields of the entry, null omits one. */
    stage: async (
      shard: number,
      subject: string,
      spoilt: Readonly<Record<string, string | Buffer | null>> = {},
    ): Promise<StagedEvent> => {
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
      const named = { id, source, type, subject, seqname: event.sequenceName, version, at: occurredAt };
      const fields = { ...named, trace: space, n: version, data, ...spoilt };
      const written = Object.entries(fields).filter(([, value]) => value !== null) as [string, string][];
      const entryId = await redis.xadd(stream(shard), "*", ...written.flat());
      return { entryId: entryId!, ordinal: version, event };
    },

    forwarderTo: (
      writer: Writer,
      commitTimeoutMs = 10_000,
      notify: CommitNotifier["notify"] = () => {},
    ): Forwarder => {
      const forwarder = createForwarder({
        store: writer,
        staging,
        notifier: { notify },
        shards: SHARDS,
        commitTimeoutMs,
        metrics,
        log: recorded.log,
      });
      forwarders.push(forwarder);
      return forwarder;
    },

    /** What is in the outbox of this test's making and may be published, in its order. */
    committedIds: async (shard: number): Promise<string[]> => {
      const events = await freePending(store, [{ partition: shard, after: 0 }], 100_000);
      return events.filter((event) => event.traceparent === space).map((event) => event.id);
    },
  };
}

/** A writer that notes what its transactions held. */
export function counting(writer: Writer): Writer & { readonly groups: string[][] } {
  const groups: string[][] = [];
  return {
    groups,
    park: writer.park,
    appendWhereFree: (events: readonly EventEnvelope[]) => {
      groups.push(events.map((event) => event.id));
      return writer.appendWhereFree(events);
    },
  };
}
