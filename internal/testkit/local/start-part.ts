import { endProcess, type ProcessId, send, stillRuns } from "../servers/child.ts";
import { portNear } from "../servers/free-port.ts";
import { note, type Started, type State, writeState } from "./state.ts";
import { step } from "./steps.ts";

/** What is known of a part before it is spawned. */
export type Part = Omit<Started, "pid" | "startTime" | "starting">;

/**
 * Starts a part and notes it the moment it is spawned, so that an interrupted `make up` leaves nothing that
 * `make down` does not know of. `start` hands each process it spawns to `spawned`; the last one is the part.
 */
export async function startPart(
  state: State,
  part: Part,
  start: (spawned: (process: ProcessId) => void) => Promise<void>,
): Promise<void> {
  await endUnfinished(state, part.name);
  await step(`start ${part.name}`, async () => {
    let last: ProcessId | undefined;
    await start(({ pid, startTime }) => {
      last = { pid, startTime };
      note(state, { ...part, ...last, starting: true });
      writeState(state);
    });
    if (last) note(state, { ...part, ...last });
    writeState(state);
  });
}

/** Ends what an interrupted `make up` has left half started. */
async function endUnfinished(state: State, name: string): Promise<void> {
  const part = state.started.find((each) => each.name === name);
  if (part?.starting === true && stillRuns(part)) {
    await step(`stop the half-started ${name}`, () => stopPart(part));
  }
}

/**
 * Ends a part gracefully, or with SIGKILL after 30 s; one that
 * never got ready after 5 s: it has less to finish.
 */
export async function stopPart(part: Started): Promise<void> {
  send(part, "SIGCONT");
  await endProcess(part, part.signal, part.starting === true ? 5_000 : 30_000);
}

/** The port that a part had before if it is free, else `wanted` if that is, else any. */
export async function portFor(state: State, name: string, wanted: number): Promise<number> {
  const before = state.ports[name];
  const port = await portNear(...(before === undefined ? [] : [before]), wanted);
  state.ports[name] = port;
  return port;
}
