import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { alive, startTimeOf } from "../servers/child.ts";

/** The folder of everything that `make up` writes. */
export const RUN_DIR = join(dirname(fileURLToPath(import.meta.url)), "../../.run");
export const SECRETS_DIR = join(RUN_DIR, "secrets");
const FILE = join(RUN_DIR, "state.json");

/** Something that `make up` has started. `startTime` tells it from a later process with the same pid. */
export interface Started {
  readonly name: string;
  readonly pid: number;
  readonly startTime: string | null;
  readonly port: number;
  readonly adminPort?: number;
  readonly logFile: string;
  /** What ends it gracefully. */
  readonly signal: NodeJS.Signals;
}

/** What `make up` has started, in the order of starting, and what is needed to reach it. Holds passwords: readable by the owner only. */
export interface State {
  started: Started[];
  ports: Record<string, number>;
  redisUrl?: string;
  ownerUrl?: string;
  databaseUrl?: string;
  relayUrl?: string;
  consumerUrl?: string;
  managementUrl?: string;
  rabbitDir?: string;
}

export function readState(): State {
  return existsSync(FILE) ? (JSON.parse(readFileSync(FILE, "utf8")) as State) : { started: [], ports: {} };
}

export function writeState(state: State): void {
  mkdirSync(RUN_DIR, { recursive: true });
  writeFileSync(`${FILE}.new`, JSON.stringify(state, null, 2), { mode: 0o600 });
  renameSync(`${FILE}.new`, FILE);
}

/** True when it is still the very process that we started. */
export function stillRuns(started: Started): boolean {
  return alive(started.pid) && startTimeOf(started.pid) === started.startTime;
}

/** The running process of this name, if any. */
export function runningOf(state: State, name: string): Started | undefined {
  return state.started.find((each) => each.name === name && stillRuns(each));
}

/** Notes a process as started, in place of an earlier one of the same name. */
export function note(state: State, started: Omit<Started, "startTime">): void {
  const entry = { ...started, startTime: startTimeOf(started.pid) };
  const index = state.started.findIndex((each) => each.name === started.name);
  if (index < 0) state.started.push(entry);
  else state.started[index] = entry;
  writeState(state);
}
