import { endProcess, type ProcessId, spawnLogged } from "../servers/child.ts";
import type { Started, State } from "./state.ts";

/** For tests of what make up remembers: parts whose process runs while the suite that calls it does. */
export function sleepingPart() {
  let sleeper: ProcessId;
  before(() => {
    sleeper = spawnLogged("sleep", ["60"], { logFile: "/dev/null" });
  });
  after(() => endProcess(sleeper, "SIGKILL"));
  return {
    part: (name: string, more: Partial<Started> = {}): Started => ({
      name,
      pid: sleeper.pid,
      startTime: sleeper.startTime,
      port: 1,
      logFile: "/dev/null",
      signal: "SIGTERM",
      ...more,
    }),
    state: (...started: Started[]): State => ({ started, ports: {} }),
  };
}
