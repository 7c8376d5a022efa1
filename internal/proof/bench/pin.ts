import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";

/** The contender has one core, load and servers share another, where there are two. */
export const CPU_OF = { contender: 0, load: 1 } as const;

const APART = availableParallelism() > 1;

/** The command, run on one CPU. */
export function pinned(cpu: number, command: readonly string[]): readonly string[] {
  return APART ? ["taskset", "-c", String(cpu), ...command] : command;
}

/** Moves a running process with all its threads to one CPU; what it starts later inherits that. */
export function pin(pid: number, cpu: number): void {
  if (APART) execFileSync("taskset", ["-a", "-p", "-c", String(cpu), String(pid)], { stdio: "ignore" });
}

/** Lets a running process use every CPU again. */
export function unpin(pid: number): void {
  const all = `0-${availableParallelism() - 1}`;
  if (APART) execFileSync("taskset", ["-a", "-p", "-c", all, String(pid)], { stdio: "ignore" });
}

export const PINNING = APART
  ? [
      "the contender on core 0; load, Redis, database and broker on core 1",
      "for the latency cart, Redis and database on core 0; relay, broker and load on core 1",
      "for the relay's drain every core for all",
    ].join("; ")
  : "one core for everything";
