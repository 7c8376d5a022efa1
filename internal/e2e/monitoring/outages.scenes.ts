import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import { type Platform, startPlatform } from "../../testkit/processes/platform.ts";
import type { DatabaseServer } from "../../testkit/servers/database.ts";
import type { PrometheusServer } from "../../testkit/servers/prometheus.ts";
import type { RabbitServer } from "../../testkit/servers/rabbitmq.ts";
import {
  ownDatabase,
  ownPrometheus,
  ownRabbit,
  tempDir,
  testRedis,
} from "../../testkit/servers/test-servers.ts";
import { type Load, startLoad } from "../load.ts";
import { exportOperator, needPrometheus, RULE_FILES, targetsOf } from "./scene.ts";

/**
 * Fires by right as soon as 1 % of what this Prometheus saw published was late: on a busy machine, by itself.
 */
const BURN = "CartwrightTimeToBrokerBurn";

/* A real Prometheus with the rules, the platform under load, and real servers that stop. */

describe("Of the running platform's outages", function () {
  this.timeout(600_000);
  let database: DatabaseServer;
  let rabbit: RabbitServer;
  let platform: Platform;
  let load: Load;
  let prometheus: PrometheusServer;
  let targets: URL[];
  let lateBefore: number;

  before(async function () {
    needPrometheus(this);
    const [redis, ...own] = await Promise.all([testRedis(), ownDatabase(), ownRabbit()]);
    [database, rabbit] = own;
    platform = await startPlatform({ redisUrl: redis.url, database, rabbit });
    load = await startLoad(platform, 4);
    targets = [...targetsOf(platform, rabbit), await exportOperator()];
  });
  after(async () => {
    await load?.stop();
    await platform?.stop();
    await Promise.all([prometheus?.stop(), database?.stop(), rabbit?.stop()]);
  });
  // One that remembers nothing of the outage before, started when that is over for whoever waits for events:
  // what is published late counts against the budget, also long after the fault has gone.
  beforeEach(async () => {
    await eventually("events are in time again", () => inTimeFor(3_000), { timeoutMs: 240_000 });
    lateBefore = await late();
    prometheus = await ownPrometheus(targets, impatientRules());
    await eventually("the platform is seen, and well", isSeenWell, { timeoutMs: 60_000, intervalMs: 500 });
  });
  afterEach(() => prometheus.stop());

  /**
   * Of all events that the relays have published: how many, and how many of them within the promised second.
   */
  async function published(): Promise<{ all: number; inTime: number }> {
    const pages = await Promise.all(
      platform.relays.map(async ({ adminUrl }) => (await fetch(`${adminUrl}/metrics`)).text()),
    );
    const sum = (series: RegExp) =>
      pages.reduce((total, page) => total + Number(page.match(series)?.[1] ?? 0), 0);
    return {
      all: sum(/^outbox_publish_latency_seconds_count\S* (\d+)$/m),
      inTime: sum(/^outbox_publish_latency_seconds_bucket{le="1",\S*} (\d+)$/m),
    };
  }

  async function late(): Promise<number> {
    const { all, inTime } = await published();
    return all - inTime;
  }

  /** True when of what is published in the next `ms` 99 % are within their second, as promised. */
  async function inTimeFor(ms: number): Promise<true> {
    const before = await published();
    await delay(ms);
    const after = await published();
    const all = after.all - before.all;
    const inTime = after.inTime - before.inTime;
    if (all === 0 || inTime < 0.99 * all) throw new Error(`of ${all} events ${inTime} were in time`);
    return true;
  }

  /** Throws with what is wrong, for the message of who waits. */
  async function isSeenWell(): Promise<true> {
    const down = await prometheus.query("up == 0");
    if (down.length > 0) throw new Error(`not scraped: ${JSON.stringify(down)}`);
    const up = await prometheus.query("up == 1");
    if (up.length < targets.length) throw new Error(`only ${up.length} were scraped`);
    const [age] = await prometheus.query("max(outbox_oldest_pending_age_seconds)");
    if (!((age?.value ?? Number.NaN) < 5)) throw new Error(`the oldest event waits for ${age?.value} s`);
    return true;
  }

  /** The rules as they are, but for `for`: a minute of patience would only make the test longer. */
  function impatientRules(): string[] {
    const dir = tempDir("rules");
    return RULE_FILES.map((file) => {
      const impatient = join(dir, basename(file));
      writeFileSync(impatient, readFileSync(file, "utf8").replace(/^( +for:) .*$/gm, "$1 2s"));
      return impatient;
    });
  }

  /** Everything that fires from before `fault` until `expected` fire; then mends. */
  async function firingIn(
    fault: () => Promise<void>,
    mend: () => Promise<void>,
    expected: readonly string[],
  ) {
    const seen = new Set<string>();
    let mostLate = lateBefore;
    const look = async () => {
      for (const name of await prometheus.firing()) seen.add(name);
      // A relay that is stopped cannot be asked, and publishes nothing.
      mostLate = Math.max(mostLate, await late().catch(() => lateBefore));
      return expected.every((name) => seen.has(name));
    };
    const judged = () => [...seen].filter((name) => name !== BURN || mostLate === lateBefore);
    await delay(3_000); // in which whatever fires without a fault would
    await look();
    expect(judged(), "before the fault").to.deep.equal([]);
    await fault();
    try {
      await eventually(`${expected.join(" and ")} fire`, look, { timeoutMs: 120_000, intervalMs: 500 });
      await delay(5_000); // in which another that is wrong could still fire
      await look();
    } finally {
      await mend();
    }
    if (seen.has(BURN)) console.log(`      (${BURN} fired too: ${mostLate - lateBefore} events were late)`);
    return judged().sort();
  }

  const expected = async (
    causes: readonly string[],
    fault: () => Promise<void>,
    mend: () => Promise<void>,
  ) => {
    const alerts = [...causes, "CartwrightEventsLate"].sort();
    expect(await firingIn(fault, mend, alerts)).to.deep.equal(alerts);
  };

  it("a relay that stops is told of, beside the lateness that it causes, and nothing else", async () => {
    const [relay] = platform.relays;
    await expected(
      ["CartwrightRelaysGone"],
      () => relay!.kill("SIGTERM"),
      () => relay!.start(),
    );
  });

  it("a broker that stops likewise", async () => {
    await expected(
      ["CartwrightBrokerAway", "CartwrightBrokerMetricsAbsent"],
      () => rabbit.kill("SIGTERM"),
      () => rabbit.start(),
    );
  });

  it("a database that stops likewise", async () => {
    await expected(
      ["CartwrightStagedBacklog"],
      () => database.kill("SIGKILL"),
      () => database.start(),
    );
  });

  it("what an outage made late burns the budget of the time to the broker when it is published", async () => {
    const [relay] = platform.relays;
    await relay!.kill("SIGTERM");
    await delay(2_000); // so that what is published then is late
    await relay!.start();
    await eventually(
      "the budget burns",
      async () => (await prometheus.firing()).includes("CartwrightTimeToBrokerBurn"),
      {
        timeoutMs: 60_000,
        intervalMs: 500,
      },
    );
    expect(await prometheus.firing()).not.to.include("CartwrightAvailabilityBurn");
  });
});
