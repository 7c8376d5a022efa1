import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

export interface Spawned {
  readonly pid: number;
  readonly child: ChildProcess;
  readonly logFile: string;
}

/** Starts a program with its output appended to `logFile`. Detached: it outlives this process unless stopped. */
export function spawnLogged(
  command: string,
  args: readonly string[],
  options: { logFile: string; env?: NodeJS.ProcessEnv; cwd?: string; uid?: number; gid?: number },
): Spawned {
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = openSync(options.logFile, "a");
  try {
    const child = spawn(command, args, {
      stdio: ["ignore", log, log],
      detached: true,
      env: options.env ?? process.env,
      ...(options.cwd !== undefined && { cwd: options.cwd }),
      ...(options.uid !== undefined && { uid: options.uid }),
      ...(options.gid !== undefined && { gid: options.gid }),
    });
    if (child.pid === undefined) throw new Error(`${command} could not be started; is it installed?`);
    child.on("error", () => {});
    child.unref();
    return { pid: child.pid, child, logFile: options.logFile };
  } finally {
    closeSync(log);
  }
}

/** True while a process with this pid lives (a zombie does not count). */
export function alive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX] /s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    if (existsSync("/proc/self")) return false;
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** When the process began, in clock ticks since boot: tells a process from a later one with the same pid. */
export function startTimeOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}

/** Sends `signal` and resolves when the process is gone; after `deadlineMs` it gets SIGKILL. */
export async function endProcess(pid: number, signal: NodeJS.Signals, deadlineMs = 20_000): Promise<void> {
  send(pid, signal);
  const deadline = Date.now() + deadlineMs;
  while (alive(pid)) {
    if (Date.now() > deadline) send(pid, "SIGKILL");
    await delay(20);
  }
}

/** Signals a process that may have ended meanwhile. */
export function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Calls `probe` until it resolves; fails with the end of the server's log when the process dies or time is up. */
export async function waitUntil(
  what: string,
  probe: () => Promise<void>,
  options: { timeoutMs: number; pid?: number; logFile?: string },
): Promise<void> {
  const deadline = Date.now() + options.timeoutMs;
  for (;;) {
    try {
      await probe();
      return;
    } catch (cause) {
      const dead = options.pid !== undefined && !alive(options.pid);
      if (dead || Date.now() > deadline) {
        const tail = options.logFile && existsSync(options.logFile) ? lastLines(options.logFile) : "";
        throw new Error(`${what} ${dead ? "died while starting" : "did not become ready in time"}${tail}`, {
          cause,
        });
      }
    }
    await delay(50);
  }
}

function lastLines(file: string): string {
  return `; the end of ${file}:\n${readFileSync(file, "utf8").trimEnd().split("\n").slice(-15).join("\n")}`;
}
