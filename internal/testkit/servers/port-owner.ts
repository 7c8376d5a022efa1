import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Who listens on a TCP port, such as "node server.js (pid 812)"; null when that cannot be seen. */
export function portOwner(port: number): string | null {
  const sockets = new Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) => listeners(table, port)));
  if (sockets.size === 0) return null;
  for (const pid of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    if (files(pid).some((file) => sockets.has(file))) {
      return `${commandOf(pid)} (pid ${pid})`;
    }
  }
  return null;
}

/** The program and its first argument; more of a foreign command line is not ours to show. */
function commandOf(pid: string): string {
  return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, 2).join(" ").trim();
}

function listeners(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return rowsOf(table)
    .map((row) => row.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(suffix) && state === "0A")
    .map((row) => `socket:[${row[9]}]`);
}

function rowsOf(table: string): string[] {
  try {
    return readFileSync(table, "utf8").split("\n").slice(1);
  } catch {
    return [];
  }
}

/** What a process has open; nothing when it is gone or another user's. */
function files(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}
