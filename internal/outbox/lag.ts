import type { Logger } from "../platform/logger/logger.ts";
import { createOutageLog } from "../platform/logger/outage-log.ts";
import { inTimeForScrape } from "../platform/metrics/in-time-for-scrape.ts";
import { Gauge, type Registry } from "../platform/metrics/metrics.ts";
import type { StagingArea } from "./forwarder/staging.ts";
import type { Backlog, OutboxReader } from "./store/store.ts";

/** How old a measurement may be when it is scraped, in ms. */
const FRESH_MS = 1_000;

/** Of what a source has not told since the process began: 0 would say that all is well. */
const UNKNOWN = Number.NaN;

/**
 * The lag gauges, measured when scraped (at most once a second): `outbox_staged_events`,
 * `outbox_pending_events`, `outbox_dead_events` and the lag that alerts use,
 * `outbox_oldest_pending_age_seconds`: the age of the oldest event that is neither published nor dead, nor
 * waits for a dead one, staged ones included. Any process may export them, so the lag goes on rising when
 * every relay is dead; while a source cannot be asked, or does not answer in time for the scrape, what it
 * said last grows older. NaN is what is not known yet; an age is then that of what is known.
 */
export function registerLagMetrics(options: {
  registry: Registry;
  store: Pick<OutboxReader, "backlog">;
  staging: StagingArea;
  log: Logger;
}): void {
  const { registry, store, staging, log } = options;
  let stored: Backlog | null = null;
  let staged: { count: number; oldestAt: number | null } | null = null;
  let clockSkewMs = 0;
  let measuredAt = Number.NEGATIVE_INFINITY;
  let measuring: Promise<void> | null = null;
  const outage = createOutageLog(log, {
    began: "the lag is estimated: a source does not answer",
    ended: "the lag is measured again",
  });

  async function measure(): Promise<void> {
    const results = await Promise.allSettled([
      store.backlog().then((backlog) => {
        stored = backlog;
      }),
      staging.backlog().then((backlog) => {
        const oldest = backlog.oldestAt.filter((at) => at !== null);
        staged = { count: backlog.staged, oldestAt: oldest.length > 0 ? Math.min(...oldest) : null };
        clockSkewMs = backlog.now - Date.now();
      }),
    ]);
    const failure = results.find((result) => result.status === "rejected");
    if (failure) outage.met({ err: failure.reason });
    else outage.over();
    measuredAt = performance.now();
  }

  async function fresh(): Promise<void> {
    if (performance.now() - measuredAt < FRESH_MS) return;
    measuring ??= measure().finally(() => {
      measuring = null;
    });
    await inTimeForScrape(measuring);
  }

  function gauge(name: string, help: string, value: () => number): void {
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        await fresh();
        this.set(value());
      },
    });
  }

  gauge(
    "outbox_staged_events",
    "Events staged in Redis, not yet committed to SQL",
    () => staged?.count ?? UNKNOWN,
  );
  gauge(
    "outbox_pending_events",
    "Events in SQL, neither published nor dead; those that wait for a dead one included",
    () => stored?.pending ?? UNKNOWN,
  );
  gauge("outbox_dead_events", "Events parked as dead", () => stored?.dead ?? UNKNOWN);
  gauge(
    "outbox_oldest_pending_age_seconds",
    "Age of the oldest event that is neither published nor dead, nor waits for a dead one",
    () => {
      const times = [stored?.oldestOccurredAt, staged?.oldestAt].flatMap((at) => at ?? []);
      if (times.length === 0) return stored && staged ? 0 : UNKNOWN;
      return Math.max(0, Date.now() + clockSkewMs - Math.min(...times)) / 1000;
    },
  );
}
