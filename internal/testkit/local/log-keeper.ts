import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { endProcess, type ProcessId, spawnLogged, stillRuns } from "../servers/child.ts";
import { type State, writeState } from "./state.ts";

const SCRIPT = fileURLToPath(new URL("./keep-logs.sh", import.meta.url));
const LOG_BYTES = 20_000_000;
const EVERY_SECONDS = 10;

/** Bounds the logs of everything that `make up` has started, until `make down`: each to twice 20 MB. */
export async function startLogKeeper(state: State): Promise<void> {
  const folders = [...new Set(state.started.map(({ logFile }) => dirname(logFile)))];
  const known = state.logKeeper;
  if (known && stillRuns(known) && known.folders.join() === folders.join()) return;
  await stopLogKeeper(state);
  const { pid, startTime } = keepLogs(folders, LOG_BYTES, EVERY_SECONDS);
  state.logKeeper = { pid, startTime, folders };
  writeState(state);
}

/** Ends it; nothing is written to the state. */
export async function stopLogKeeper({ logKeeper }: State): Promise<void> {
  if (logKeeper && stillRuns(logKeeper)) await endProcess(logKeeper, "SIGKILL");
}

/** Begins to bound the `*.log` files of these folders; see keep-logs.sh. */
export function keepLogs(folders: readonly string[], bytes: number, everySeconds: number): ProcessId {
  return spawnLogged(SCRIPT, [String(bytes), String(everySeconds), ...folders], { logFile: "/dev/null" });
}
