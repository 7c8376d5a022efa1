import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** What the system tells about a process. */
export interface Outside {
  /** Resident memory in bytes. */
  readonly rss: number;
  readonly threads: number;
  /** Open file descriptors, and those among them that are sockets. */
  readonly files: number;
  readonly sockets: number;
}

/** Looks at a running process from outside; throws when it is gone. */
export function lookOutside(pid: number): Outside {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
  const files = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return ""; // closed meanwhile
    }
  });
  return {
    rss: field("VmRSS") * 1024,
    threads: field("Threads"),
    files: files.filter((file) => file !== "").length,
    sockets: files.filter((file) => file.startsWith("socket:")).length,
  };
}
