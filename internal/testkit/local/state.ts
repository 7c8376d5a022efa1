import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ProcessId, stillRuns } from "../servers/child.ts";

/** The folder of everything that `make up` writes. */
export const RUN_DIR =
  process.env.CARTWRIGHT_RUN_DIR ??
  join(dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url))))), ".run");
export const SECRETS_DIR = join(RUN_DIR, "secrets");
const FILE = join(RUN_DIR, "state.json");

/** Something that `make up` has started. */
export interface Started extends ProcessId {
  readonly name: string;
  readonly port: number;
  readonly adminPort?: number;
  readonly logFile: string;
  /** What ends it gracefully. */
  readonly signal: NodeJS.Signals;
  /** Spawned, but not seen ready: `make up` was interrupted, or is at it. */
  readonly starting?: boolean;
  /** Tells whether it was started with the addresses and secrets that hold now. */
  readonly settings?: string;
  /** The user's variables that it was started with. */
  readonly variables?: Readonly<Record<string, string>>;
}

/**
 * What `make up` has started, in the order of starting, and what is
 * needed to reach it. Holds passwords: readable by the owner only.
 */
export interface State {
  started: Started[];
  /** The ports that parts had last; they get them again when they are free. */
  ports: Record<string, number>;
  redisUrl?: string;
  ownerUrl?: string;
  databaseUrl?: string;
  relayUrl?: string;
  consumerUrl?: string;
  managementUrl?: string;
  /** Of our own RabbitMQ's metrics. */
  rabbitMetricsUrl?: string;
  /** The AMQP_URL that was given to `make up`, of a broker that is not ours. */
  givenAmqpUrl?: string;
  /** What bounds the logs of these folders. */
  logKeeper?: ProcessId & { readonly folders: readonly string[] };
  rabbitDir?: string;
  /** Where PostgreSQL's data are when they could not be put into the run folder. */
  postgresDir?: string;
}

export function readState(): State {
  return existsSync(FILE) ? (JSON.parse(readFileSync(FILE, "utf8")) as State) : { started: [], ports: {} };
}

export function writeState(state: State): void {
  makeRunDir();
  writeFileSync(`${FILE}.new`, JSON.stringify(state, null, 2), { mode: 0o600 });
  renameSync(`${FILE}.new`, FILE);
}

/** Others may pass through, as PostgreSQL's user must, but not look around. */
export function makeRunDir(): void {
  mkdirSync(RUN_DIR, { recursive: true, mode: 0o711 });
}

/** The running, ready process of this name, if any. */
export function runningOf(state: State, name: string): Started | undefined {
  return state.started.find((each) => each.name === name && each.starting !== true && stillRuns(each));
}

/** Puts a part into the state, in place of an earlier one of the same name. */
export function note(state: State, part: Started): void {
  const index = state.started.findIndex((each) => each.name === part.name);
  if (index < 0) state.started.push(part);
  else state.started[index] = part;
}
