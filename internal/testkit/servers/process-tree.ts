import { readdirSync, readFileSync } from "node:fs";
import { identify, type ProcessId } from "./child.ts";

/** The direct children of a process: PostgreSQL's backends do not share its process group. */
export function childrenOf(pid: number): ProcessId[] {
  return readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
      const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
      return parent === pid ? [identify(Number(entry))] : [];
    } catch {
      return []; // ended meanwhile
    }
  });
}
