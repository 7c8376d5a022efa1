import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** A process that we started. `startTime` tells it from a later process that was given the same pid. */
export interface ProcessId {
  readonly pid: number;
  readonly startTime: string | null;
}

export interface Spawned extends ProcessId {
  readonly child: ChildProcess;
}

/** Stands for a process that has not been started: signals to it go nowhere. */
export const NOT_STARTED: ProcessId = { pid: 0, startTime: null };

/**
 * Starts a program in a process group of its own, with its output appended to `logFile`. It outlives
 * this process unless stopped; `onSpawn` hears of it at once, before anything can go wrong.
 */
export function spawnLogged(
  command: string,
  args: readonly string[],
  options: {
    logFile: string;
    env?: NodeJS.ProcessEnv;
    cwd?: string;
    uid?: number;
    gid?: number;
    onSpawn?: ((process: ProcessId) => void) | undefined;
  },
): Spawned {
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = openSync(options.logFile, "a", 0o600);
  try {
    const child = spawn(command, args, {
      stdio: ["ignore", log, log],
      detached: true,
      env: options.env ?? process.env,
      ...(options.cwd !== undefined && { cwd: options.cwd }),
      ...(options.uid !== undefined && { uid: options.uid }),
      ...(options.gid !== undefined && { gid: options.gid }),
    });
    child.on("error", () => {}); // told by the missing pid below
    const { pid } = child;
    if (pid === undefined) throw new Error(`${command} could not be started; is it installed?`);
    child.unref();
    const startTime = startTimeOf(pid);
    options.onSpawn?.({ pid, startTime });
    return { pid, startTime, child };
  } finally {
    closeSync(log);
  }
}

/** The identity of a process that runs now. */
export function identify(pid: number): ProcessId {
  return { pid, startTime: startTimeOf(pid) };
}

/** True while that very process runs: not a zombie, and not another one with its pid. */
export function stillRuns({ pid, startTime }: ProcessId): boolean {
  return pid > 0 && startTime !== null && startTimeOf(pid) === startTime;
}

/** When a living process began, in clock ticks since boot; null when there is none. */
function startTimeOf(pid: number): string | null {
  try {
    return startTimeIn(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return null;
  }
}

/**
 * The same of a line of /proc/<pid>/stat (proc_pid_stat(5)); null of a zombie that is all there is. One whose
 * other threads are still ending has its files and ports yet.
 */
export function startTimeIn(stat: string): string | null {
  const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const threads = Number(fields[16]);
  return (state === "Z" || state === "X") && threads <= 1 ? null : (fields[18] ?? null);
}

/** Signals the process if it still runs; with "group", everything in its process group too. */
export function send(
  target: ProcessId,
  signal: NodeJS.Signals,
  reach: "process" | "group" = "process",
): void {
  if (!stillRuns(target)) return;
  try {
    process.kill(reach === "group" ? -target.pid : target.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/**
 * Sends `signal` and resolves when the process is gone; after
 * `deadlineMs` it gets SIGKILL, with its process group.
 */
export async function endProcess(
  target: ProcessId,
  signal: NodeJS.Signals,
  deadlineMs = 20_000,
): Promise<void> {
  send(target, signal);
  const deadline = Date.now() + deadlineMs;
  while (stillRuns(target)) {
    if (Date.now() > deadline) {
      send(target, "SIGKILL", "group");
      send(target, "SIGKILL"); // it need not lead a group
    }
    await delay(20);
  }
}

/**
 * Calls `probe` until it resolves. When the process dies or time is up, fails with the end of its
 * log, and ends the process with its whole group: a server that did not start is not left behind.
 */
export async function waitUntil(
  what: string,
  probe: () => Promise<void>,
  options: { timeoutMs: number; process?: ProcessId; logFile?: string },
): Promise<void> {
  const deadline = Date.now() + options.timeoutMs;
  for (;;) {
    let cause: unknown;
    const dead = options.process !== undefined && !stillRuns(options.process);
    try {
      if (!dead) return await probe();
    } catch (error) {
      cause = error;
    }
    if (dead || Date.now() > deadline) {
      if (options.process) send(options.process, "SIGKILL", "group");
      const tail = options.logFile && existsSync(options.logFile) ? lastLines(options.logFile) : "";
      throw new Error(`${what} ${dead ? "died while starting" : "did not become ready in time"}${tail}`, {
        cause,
      });
    }
    await delay(50);
  }
}

function lastLines(file: string): string {
  return `; the end of ${file}:\n${readFileSync(file, "utf8").trimEnd().split("\n").slice(-15).join("\n")}`;
}
