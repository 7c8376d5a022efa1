import { endWatchedAtSignals } from "../../testkit/guard.ts";
import { noteFailure, stopServers } from "../../testkit/servers/test-servers.ts";
import { soak } from "./soak.ts";
import { faultsOf, table } from "./summary.ts";

/**
 * `make soak`: steady load on a platform of its own (MINUTES=10 RATE=150); fails when anything keeps growing.
 */

endWatchedAtSignals();

try {
  const minutes = setting("MINUTES", 10, 3, 10_000);
  const perSecond = setting("RATE", 150, 1, 10_000);
  const startedAt = performance.now();
  const clock = () => new Date(performance.now() - startedAt).toISOString().slice(11, 19);
  console.log("Starting a platform of its own");
  const report = await soak({ minutes, perSecond, say: (line) => console.log(`${clock()} ${line}`) });
  console.log(`\n${table(report).join("\n")}\n`);
  const faults = faultsOf(report);
  if (faults.length > 0) fail(faults);
  else console.log("Nothing leaks: no trend in memory; sockets, listeners and timers stay bounded.");
} catch (error) {
  fail([`The soak broke off: ${error instanceof Error ? error.stack : error}`]);
} finally {
  await stopServers();
}

function fail(faults: readonly string[]): void {
  noteFailure();
  process.exitCode = 1;
  for (const fault of faults) console.error(fault);
}

function setting(name: string, usual: number, least: number, most: number): number {
  const value = Number(process.env[name] || usual);
  if (value >= least && value <= most) return value;
  throw new Error(`${name}=${process.env[name]} must be a number from ${least} to ${most}`);
}
