import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "../../testkit/eventually.ts";
import { chosenDialect } from "../../testkit/servers/database.ts";
import type { History } from "./check/history.ts";
import { unfinished } from "./check/unfinished.ts";
import { watchLag } from "./lag.ts";
import { openMerchant } from "./merchant.ts";
import { unleash } from "./nemesis.ts";
import { seeded } from "./random.ts";
import { sendShoppers } from "./shoppers.ts";
import type { Stage } from "./stage.ts";
import type { Notes } from "./tab.ts";
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

/** Users who shop, unless told otherwise. */
export const SHOPPERS = 24;

/** Lets loose shoppers and nemesis on a platform for so many seconds, and gathers the history. */
export async function runChaos(
  stage: Stage,
  options: { seed: number; seconds: number; shoppers?: number; say: (line: string) => void },
): Promise<Run> {
  const { seed, seconds, shoppers: users = SHOPPERS, say } = options;
  const random = seeded(seed);
  const timeoutMs = PATIENCE_MS[chosenDialect()];
  const witness = await openWitness(stage.consumerUrl, "cart.events.demo");
  const lag = watchLag([...stage.carts, ...stage.relays]);
  const merchant = await openMerchant(stage, seeded(random(2 ** 32)));
  const { products } = merchant;
  const shoppers = await sendShoppers(stage, { users, products }, seeded(random(2 ** 32)));
  const requests = () => requestsOf(shoppers.notes);
  try {
    await eventually("a first event is told", () => witness.arrivals.length > 0, { timeoutMs });
    const faults = await unleash(stage, seeded(random(2 ** 32)), Date.now() + seconds * 1_000, (kind) =>
      say(
        `${kind}; ${requests()} requests, ${witness.arrivals.length + witness.orderArrivals.length} events`,
      ),
    );
    shoppers.calm();
    const healed = Date.now();
    say("the nemesis rests");
    await eventually("every process is ready and the lag is below a second", () => lag.small(), {
      timeoutMs,
      intervalMs: 100,
    });
    const recoveredMs = Date.now() - healed;
    say("all is well again under load; the shoppers stop");
    await Promise.all([shoppers.stop(), merchant.stop()]);
    const stopped = Date.now();
    await eventually("the lag returns to zero", () => lag.gone(), {
      timeoutMs,
      intervalMs: 100,
    });
    const drainedMs = Date.now() - stopped;
    say("nothing is staged or pending; the sweepers finish merges and orders");
    const told = () => ({ arrivals: [...witness.arrivals], orderArrivals: [...witness.orderArrivals] });
    const { guests: _, faults: met, ...noted } = shoppers.notes;
    const { versions } = merchant;
    const seen = () => ({
      ...noted,
      versions,
      carts: [],
      orders: [],
      faults: [...faults, ...met],
      ...told(),
    });
    // What is not finished by then is the checker's to tell, with its story.
    await within(timeoutMs, () => unfinished(seen()) === 0);
    say("the last look at carts and orders");
    const atRest = await shoppers.readAll();
    await quiet(() => witness.arrivals.length + witness.orderArrivals.length);
    return {
      seed,
      history: { ...seen(), ...atRest },
      worstLag: lag.worst(),
      recoveredMs,
      drainedMs,
    };
  } finally {
    await Promise.all([shoppers.stop(), merchant.stop()]);
    lag.stop();
    witness.close();
  }
}

const requestsOf = ({ attempts, journeys, reads, sessions }: Notes) =>
  attempts.length + journeys.length + reads.length + sessions.length;

/** Resolves when the condition holds, or when time is up. */
async function within(timeoutMs: number, holds: () => boolean): Promise<void> {
  for (const deadline = Date.now() + timeoutMs; !holds() && Date.now() < deadline; ) await delay(500);
}

/** Resolves when the count has not risen for two seconds. */
async function quiet(count: () => number): Promise<void> {
  for (let before = -1; before !== count(); ) {
    before = count();
    await delay(2_000);
  }
}
