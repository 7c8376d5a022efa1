import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import { type ProcessId, send } from "./servers/child.ts";

/*
 * A process beside the test run that ends what the run has started when the run ends in whatever way:
 * finished, interrupted, or killed -9. It notices by its standard input, which closes with the run.
 */

/** What the guard is told, one JSON object a line. */
export type Watched =
  | ProcessId
  | { readonly dir: string }
  | { readonly stateFile: string }
  | { readonly keep: string };

let guard: ChildProcess | undefined;
let ending = false;

/**
 * From now on the process, the directory, or what a `make up`
 * with that state starts, does not outlive this run.
 */
export function watch(watched: Watched): void {
  if (ending) {
    if ("pid" in watched) send(watched, "SIGKILL", "group");
    throw new Error("the test run was interrupted");
  }
  guard ??= startGuard();
  guard.stdin!.write(`${JSON.stringify(watched)}\n`);
}

/** A directory that was watched may stay. */
export function keep(dir: string): void {
  watch({ keep: dir });
}

/** Ends everything that is watched, at once and without grace; resolves when it is done. */
async function endWatched(): Promise<void> {
  const child = guard;
  ending = true;
  if (!child) return;
  await new Promise((resolve) => {
    child.once("exit", resolve);
    child.stdin!.end();
  });
}

/** A run that is interrupted ends what is watched, then itself, with 128 and the signal's number. */
export function endWatchedAtSignals(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      void endWatched().finally(() => process.exit(128 + constants.signals[signal]));
    });
  }
}

function startGuard(): ChildProcess {
  const file = fileURLToPath(new URL("./guard-process.ts", import.meta.url));
  const child = spawn(process.execPath, [file], { stdio: ["pipe", "inherit", "inherit"], detached: true });
  // Without one, a run that is killed leaves behind what it has started; its tests say what they say.
  child.on("error", (error) => console.error("the run's guard could not be started", error));
  child.once("exit", () => ending || console.error("the run's guard has ended before the run"));
  child.stdin!.on("error", () => {});
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref();
  return child;
}
