import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { identify, type ProcessId, stillRuns } from "../servers/child.ts";
import { makeRunDir, RUN_DIR } from "./state.ts";

const FILE = join(RUN_DIR, "lock.json");

/**
 * Lets one `make up` or `make down` of a checkout work at a time; the lock of one that died is taken over.
 */
export function lockOrThrow(): void {
  makeRunDir();
  try {
    take();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const holder = readHolder();
    if (holder && stillRuns(holder)) {
      throw new Error(`Another make up or make down of this checkout is at work (pid ${holder.pid}).`);
    }
    rmSync(FILE, { force: true });
    take();
  }
  process.once("exit", () => rmSync(FILE, { force: true }));
}

function take(): void {
  writeFileSync(FILE, JSON.stringify(identify(process.pid)), { flag: "wx" });
}

/** Undefined when its writer died before it had written. */
function readHolder(): ProcessId | undefined {
  try {
    return JSON.parse(readFileSync(FILE, "utf8")) as ProcessId;
  } catch {
    return undefined;
  }
}
