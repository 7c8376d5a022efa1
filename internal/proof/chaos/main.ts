import { mkdirSync, writeFileSync } from "node:fs";
import { endWatchedAtSignals } from "../../testkit/guard.ts";
import { chosenDialect } from "../../testkit/servers/database.ts";
import { noteFailure, stopServers } from "../../testkit/servers/test-servers.ts";
import { check } from "./check/checker.ts";
import { SABOTAGES } from "./check/sabotage.ts";
import { shrink } from "./check/shrink.ts";
import { seeded } from "./random.ts";
import { runChaos, SHOPPERS } from "./run.ts";
import { openStage } from "./stage.ts";
import { story, summaryOf, violationText } from "./summary.ts";

/**
 * `make chaos`: shoppers and a nemesis on a platform of its
 * own (SEED= MINUTES=5 SHOPPERS=24 DATABASE=sqlserver), judged by an independent checker.
 */

const SHOWN = 10;

endWatchedAtSignals();

try {
  const seed = setting("SEED", Math.floor(Math.random() * 1_000_000), 0, 4_294_967_295);
  const minutes = setting("MINUTES", 5, 0.1, 10_000);
  // Fewer for a server that bears less than PostgreSQL, such as Babelfish.
  const shoppers = setting("SHOPPERS", SHOPPERS, 1, 1_000);
  const bug = sabotageAsked();
  const startedAt = performance.now();
  const clock = () => new Date(performance.now() - startedAt).toISOString().slice(11, 19);
  console.log(`Starting a platform of its own; SEED=${seed} MINUTES=${minutes} DATABASE=${chosenDialect()}`);
  const run = await runChaos(await openStage(), {
    seed,
    seconds: minutes * 60,
    shoppers,
    say: (line) => console.log(`${clock()} ${line}`),
  });
  const history = bug?.falsify(run.history, seeded(seed)) ?? run.history;
  const violations = check(history);
  console.log(`\n${summaryOf(run).join("\n")}\n`);
  if (violations.length === 0) console.log("Nothing lost, nothing invented, nothing out of order.");
  else {
    process.exitCode = 1;
    noteFailure();
    for (const violation of violations.slice(0, SHOWN)) console.error(violationText(violation));
    if (violations.length > SHOWN) console.error(`and ${violations.length - SHOWN} more`);
    console.error(`\nSEED=${seed}; the smallest history that shows the first:`);
    for (const line of story(shrink(history, violations[0]!))) console.error(line);
    const file = `.run/chaos/history-${seed}.json`;
    mkdirSync(".run/chaos", { recursive: true });
    writeFileSync(file, JSON.stringify(history));
    console.error(`The whole history is in ${file}`);
  }
} catch (error) {
  process.exitCode = 1;
  noteFailure();
  console.error(
    `The run broke off: ${error instanceof Error ? error.stack : error}`,
    error instanceof Error ? error.cause : "",
  );
} finally {
  await stopServers();
}

function setting(name: string, usual: number, least: number, most: number): number {
  const value = Number(process.env[name] || usual);
  if (value >= least && value <= most) return value;
  throw new Error(`${name}=${process.env[name]} must be a number from ${least} to ${most}`);
}

/** SABOTAGE= falsifies what was seen, to see what a failure looks like. */
function sabotageAsked(): (typeof SABOTAGES)[string] | undefined {
  const asked = process.env.SABOTAGE;
  if (!asked) return undefined;
  if (Object.hasOwn(SABOTAGES, asked)) return SABOTAGES[asked];
  throw new Error(`SABOTAGE=${asked} must be one of ${Object.keys(SABOTAGES).join(", ")}`);
}
