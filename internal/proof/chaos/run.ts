import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "../../testkit/eventually.ts";
import { chosenDialect } from "../../testkit/servers/database.ts";
import type { History } from "./check/history.ts";
import { watchLag } from "./lag.ts";
import { unleash } from "./nemesis.ts";
import { seeded } from "./random.ts";
import { sendShoppers } from "./shoppers.ts";
import { openStage } from "./stage.ts";
import { openWitness } from "./witness.ts";

/** What a run has seen, and how long the platform took to be well again. */
export interface Run {
  readonly seed: number;
  readonly history: History;
  /** Of the lag metric, s. */
  readonly worstLag: number;
  /**
   * From the nemesis' end until every process was ready and
   * the lag below a second, the shoppers still at it, ms.
   */
  readonly recoveredMs: number;
  /** From the last request until nothing was staged or pending any more, ms. */
  readonly drainedMs: number;
}

/**
 * How long the platform may take to begin, and to be well again, ms: Babelfish, on which this runs
 * for SQL Server, needs seconds of CPU for the first statements of each new session.
 */
const PATIENCE_MS = { postgres: 60_000, sqlserver: 240_000 };

/** Lets loose shoppers and nemesis on a platform of its own for so many seconds, and gathers the history. */
export async function runChaos(options: {
  seed: number;
  seconds: number;
  say: (line: string) => void;
}): Promise<Run> {
  const { seed, seconds, say } = options;
  const random = seeded(seed);
  const timeoutMs = PATIENCE_MS[chosenDialect()];
  const stage = await openStage();
  const witness = await openWitness(stage.consumerUrl, "cart.events.demo");
  const lag = watchLag([...stage.carts, ...stage.relays]);
  const shoppers = await sendShoppers(stage, seeded(random(2 ** 32)));
  try {
    await eventually("a first event is told", () => witness.arrivals.length > 0, { timeoutMs });
    const faults = await unleash(stage, seeded(random(2 ** 32)), Date.now() + seconds * 1_000, (kind) =>
      say(`${kind}; ${shoppers.attempts.length} requests, ${witness.arrivals.length} events`),
    );
    const healed = Date.now();
    say("the nemesis rests");
    await eventually("every process is ready and the lag is below a second", () => lag.small(), {
      timeoutMs,
      intervalMs: 100,
    });
    const recoveredMs = Date.now() - healed;
    await shoppers.stop();
    const stopped = Date.now();
    await eventually("the lag returns to zero", () => lag.gone(), {
      timeoutMs,
      intervalMs: 100,
    });
    const drainedMs = Date.now() - stopped;
    const carts = await shoppers.readCarts();
    await quiet(() => witness.arrivals.length);
    const { attempts } = shoppers;
    return {
      seed,
      // The shoppers do no merges, checkouts or cancellations yet; the checker can judge them.
      history: {
        attempts,
        arrivals: [...witness.arrivals],
        carts,
        journeys: [],
        orderArrivals: [],
        orders: [],
        faults,
      },
      worstLag: lag.worst(),
      recoveredMs,
      drainedMs,
    };
  } finally {
    await shoppers.stop();
    lag.stop();
    witness.close();
  }
}

/** Resolves when the count has not risen for two seconds. */
async function quiet(count: () => number): Promise<void> {
  for (let before = -1; before !== count(); ) {
    before = count();
    await delay(2_000);
  }
}
