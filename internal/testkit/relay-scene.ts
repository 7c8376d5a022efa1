import { randomUUID } from "node:crypto";
import { createRelayMetrics } from "../outbox/metrics.ts";
import type { Publisher } from "../outbox/relay/publisher.ts";
import { createRelay, type Relay, type RelayOptions } from "../outbox/relay/relay.ts";
import type { EventEnvelope } from "../platform/event/event.ts";
import { createLogger } from "../platform/logger/logger.ts";
import { Registry } from "../platform/metrics/metrics.ts";
import { ORIGIN } from "./event-origin.ts";
import { eventually } from "./eventually.ts";
import type { MemoryPublisher } from "./memory-publisher.ts";
import { type OpenOutbox, openOutbox } from "./outbox.ts";
import { migrateDatabase } from "./processes/platform.ts";
import { connectTo, type DatabaseConnection, type Sql } from "./servers/database.ts";
import { testDatabase } from "./servers/test-servers.ts";

export const PARTITIONS = 8;

/** Relays of a test on a real database, of the dialect that the run has chosen. */
export interface RelayScene {
  readonly store: OpenOutbox;
  /** Starts a relay that polls every 5 ms and parks a message after three refusals, unless told otherwise. */
  start(publisher: Publisher & { behave?(): void }, more?: Partial<RelayOptions>): Promise<Relay>;
  stop(relay: Relay): Promise<void>;
  /** What somebody else does to the database. */
  inDatabase(sql: Sql): Promise<unknown>;
  /** Nothing is pending. */
  drained(): Promise<unknown>;
  /** A reader that polls has read what was appended, and the queues were looked at. */
  untilReadOnce(): Promise<void>;
}

let databases = 0;

/** Gives the tests of the surrounding `describe` one database, emptied before each; stops their relays. */
export function relayScene(): RelayScene {
  const log = createLogger("test", "fatal");
  let store: OpenOutbox;
  let behind: DatabaseConnection;
  let started: Relay[] = [];
  let publishers: { behave?(): void }[] = [];
  let reads = 0;

  before(async () => {
    const database = await testDatabase();
    const url = await database.createDatabase(`relay_${++databases}`);
    await migrateDatabase({ ...database, url });
    store = openOutbox(url);
    behind = connectTo(url);
  });
  beforeEach(async () => {
    for (const sql of [
      "TRUNCATE TABLE outbox_event",
      "DELETE FROM outbox_partition",
      "DELETE FROM outbox_relay",
    ])
      await behind.rows(sql);
  });
  afterEach(async () => {
    // A relay waits for what is in flight: after a failure, too, nothing may stay held.
    for (const publisher of publishers) publisher.behave?.();
    publishers = [];
    await Promise.all(started.map((relay) => relay.stop()));
    started = [];
  });
  after(() => Promise.all([store?.close(), behind?.close()]));

  return {
    get store() {
      return store;
    },
    start: async (publisher, more = {}) => {
      const counting: RelayOptions["store"] = {
        ...store,
        pending: (...query) => {
          reads++;
          return store.pending(...query);
        },
      };
      const relay = createRelay({
        store: counting,
        publisher,
        subscriber: { listen: () => {} },
        relay: randomUUID(),
        partitions: PARTITIONS,
        leaseMs: 1_500,
        window: 16,
        maxAttempts: 3,
        retryMs: 5,
        pollMs: 5,
        metrics: createRelayMetrics(new Registry()),
        log,
        ...more,
      });
      publishers.push(publisher);
      started.push(relay);
      await relay.start();
      return relay;
    },
    stop: async (relay) => {
      started = started.filter((each) => each !== relay);
      await relay.stop();
    },
    inDatabase: (sql) => behind.rows(sql),
    drained: () => eventually("nothing is pending", async () => (await store.backlog()).pending === 0),
    untilReadOnce: async () => {
      const before = reads;
      await eventually("it has read twice more", () => reads >= before + 2);
    },
  };
}

/** An event in the partition that its subject falls into. */
export const event = (subject: string, version: number): EventEnvelope => ({
  id: randomUUID(),
  partition: [...subject].reduce((sum, char) => sum + char.charCodeAt(0), 0) % PARTITIONS,
  ...ORIGIN,
  type: "cart.updated",
  subject,
  sequence: version,
  data: "{}",
  traceparent: null,
  occurredAt: Date.now(),
});

/** So many versions of so many carts, version after version. */
export const events = (subjects: number, versions: number): EventEnvelope[] =>
  Array.from({ length: versions }, (_, v) =>
    Array.from({ length: subjects }, (_, s) => event(`cart-${s}`, v + 1)),
  ).flat();

/** What was published of a subject, in order, repeats included. */
export const versionsOf = (publisher: MemoryPublisher, subject: string): number[] =>
  publisher.published.filter((each) => each.subject === subject).map((each) => each.sequence);

/** How many events were published, repeats left out. */
export const arrived = (publisher: MemoryPublisher): number =>
  new Set(publisher.published.map(({ id }) => id)).size;
