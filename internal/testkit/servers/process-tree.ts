import { readdirSync, readFileSync } from "node:fs";
import { identify, type ProcessId } from "./child.ts";

/** Clock ticks a second in /proc: the same on every Linux that Node runs on. */
const TICKS = 100;

/** What /proc says of a process: the one that started it, and the processor time it has used, in s. */
export interface ProcessTime {
  readonly parent: number;
  /** Its own, and that of its children which have ended. */
  readonly seconds: number;
}

/** The direct children of a process: PostgreSQL's backends do not share its process group. */
export function childrenOf(pid: number): ProcessId[] {
  return [...processTimes()].flatMap(([child, { parent }]) => (parent === pid ? [identify(child)] : []));
}

/** Processor time in s that a process and all below it have used so far; 0 for one that does not run. */
export function familySeconds(pid: number, times: ReadonlyMap<number, ProcessTime> = processTimes()): number {
  let seconds = times.get(pid)?.seconds ?? 0;
  for (const [child, { parent }] of times) if (parent === pid) seconds += familySeconds(child, times);
  return seconds;
}

/** Every process that runs now. */
export function processTimes(): Map<number, ProcessTime> {
  const times = new Map<number, ProcessTime>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      times.set(Number(entry), parseStat(readFileSync(`/proc/${entry}/stat`, "utf8")));
    } catch {
      // ended meanwhile
    }
  }
  return times;
}

/** Parses /proc/<pid>/stat, see proc_pid_stat(5); a command may hold spaces and brackets. */
export function parseStat(stat: string): ProcessTime {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { parent: Number(fields[1]), seconds: ticks / TICKS };
}
