import { readdirSync, readFileSync } from "node:fs";

/**
 * The ids of a pod's processes, where its node is this machine and shows them: found by the pod's uid in the
 * name of their control group. Empty elsewhere. The pause process that holds the pod's network is left out.
 */
export function processesOfPod(uid: string): number[] {
  const marks = [uid, uid.replaceAll("-", "_")];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const groups = read(`/proc/${pid}/cgroup`);
      return (
        marks.some((mark) => groups.includes(mark)) && !read(`/proc/${pid}/cmdline`).startsWith("/pause")
      );
    })
    .map(Number);
}

/** What a file of /proc says; nothing when the process has ended meanwhile. */
function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
