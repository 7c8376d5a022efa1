import { expect } from "chai";
import { createLogger } from "../platform/logger/logger.ts";
import { Registry } from "../platform/metrics/metrics.ts";
import { recordingLogger } from "../testkit/recording-logger.ts";
import { registerLagMetrics } from "./lag.ts";
import type { Backlog } from "./store/store.ts";

const NONE: Backlog = { pending: 0, dead: 0, oldestOccurredAt: null };

type Staged = { oldestAt: (number | null)[]; staged: number; now?: number };

/** Scrapes once, with what SQL and Redis are to say: an Error is an outage, a promise what may never come. */
async function scrape(
  sql: Backlog | Error | Promise<Backlog>,
  redis: Staged | Error,
  log = createLogger("test", "fatal"),
): Promise<Record<string, number>> {
  const registry = new Registry();
  const answer = async <T>(value: T | Error | Promise<T>) => {
    if (value instanceof Error) throw value;
    return value;
  };
  registerLagMetrics({
    registry,
    store: { backlog: () => answer(sql) },
    staging: {
      oldest: async () => [],
      remove: async () => {},
      setAside: async () => false,
      backlog: () => answer(redis instanceof Error ? redis : { now: Date.now(), ...redis }),
    },
    log,
  });
  const metrics = await registry.getMetricsAsJSON();
  return Object.fromEntries(metrics.map(({ name, values }) => [name, values[0]!.value]));
}

describe("The lag", function () {
  this.timeout(15_000);

  it("is the age of the oldest staged event when SQL has none", async () => {
    const now = Date.now();
    const seen = await scrape(NONE, { oldestAt: [null, now - 40_000, now - 90_000], staged: 7 });
    expect(seen.outbox_staged_events).to.equal(7);
    expect(seen.outbox_pending_events).to.equal(0);
    expect(seen.outbox_oldest_pending_age_seconds).to.be.within(90, 95);
  });

  it("is the age of the oldest event in SQL when that is older, and the other way round", async () => {
    const now = Date.now();
    const stored = { pending: 3, dead: 2, oldestOccurredAt: now - 60_000 };
    const older = await scrape(stored, { oldestAt: [now - 30_000], staged: 1 });
    expect(older.outbox_oldest_pending_age_seconds).to.be.within(60, 65);
    expect(older).to.include({ outbox_pending_events: 3, outbox_dead_events: 2, outbox_staged_events: 1 });
    const younger = await scrape(stored, { oldestAt: [now - 300_000], staged: 1 });
    expect(younger.outbox_oldest_pending_age_seconds).to.be.within(300, 305);
  });

  it("is 0 when nothing waits, also beside dead events", async () => {
    const seen = await scrape({ ...NONE, dead: 4 }, { oldestAt: [null], staged: 0 });
    expect(seen.outbox_oldest_pending_age_seconds).to.equal(0);
    expect(seen.outbox_dead_events).to.equal(4);
  });

  it("is reckoned by Redis' clock, which is the one that events are dated by", async () => {
    const now = Date.now() + 3_600_000;
    const seen = await scrape(NONE, { oldestAt: [now - 50_000], staged: 1, now });
    expect(seen.outbox_oldest_pending_age_seconds).to.be.within(50, 55);
  });

  it("still counts what is staged when SQL does not answer, and says once that it is an estimate", async () => {
    const { log, lines } = recordingLogger();
    const seen = await scrape(new Error("away"), { oldestAt: [Date.now() - 20_000], staged: 9 }, log);
    expect(seen.outbox_staged_events).to.equal(9);
    expect(seen.outbox_oldest_pending_age_seconds).to.be.within(20, 25);
    expect(lines.map(({ level }) => level)).to.deep.equal(["warn"]);
  });

  it("still counts what SQL holds when Redis does not answer", async () => {
    const seen = await scrape(
      { pending: 1, dead: 0, oldestOccurredAt: Date.now() - 20_000 },
      new Error("away"),
    );
    expect(seen.outbox_oldest_pending_age_seconds).to.be.within(20, 25);
  });
  it("holds up a scrape for two seconds at most when SQL does not answer at all", async () => {
    const at = performance.now();
    const seen = await scrape(new Promise(() => {}), { oldestAt: [Date.now() - 20_000], staged: 9 });
    expect(performance.now() - at, "before Prometheus gives up").to.be.lessThan(9_000);
    expect(seen.outbox_staged_events).to.equal(9);
    expect(seen.outbox_oldest_pending_age_seconds).to.be.within(20, 30);
  });
  it("is unknown, not 0, while a source has never answered and the other has nothing that waits", async () => {
    const withoutSql = await scrape(new Error("away"), { oldestAt: [null], staged: 0 });
    expect(withoutSql.outbox_staged_events).to.equal(0);
    for (const name of ["outbox_pending_events", "outbox_dead_events", "outbox_oldest_pending_age_seconds"])
      expect(withoutSql[name], name).to.be.NaN;
    const withoutRedis = await scrape(NONE, new Error("away"));
    expect(withoutRedis).to.include({ outbox_pending_events: 0, outbox_dead_events: 0 });
    for (const name of ["outbox_staged_events", "outbox_oldest_pending_age_seconds"])
      expect(withoutRedis[name], name).to.be.NaN;
  });
});
