import { endProcess, send } from "./servers/child.ts";
import { stopPortMapper } from "./servers/rabbitmq.ts";
import { readState, stillRuns, writeState } from "./stack/state.ts";
import { fail, step } from "./stack/steps.ts";

/* `make down`: stops exactly what `make up` started, last first; what has ended or was never ours is left alone. */

const state = readState();
const running = state.started.filter(stillRuns).toReversed();
if (running.length === 0) console.log("Nothing of this checkout is running.");
try {
  for (const { name, pid, signal } of running) {
    await step(`stop ${name}`, async () => {
      send(pid, "SIGCONT");
      await endProcess(pid, signal, 30_000);
    });
  }
  if (state.rabbitDir !== undefined) await stopPortMapper(state.rabbitDir);
  writeState({ ...state, started: [] });
} catch (error) {
  fail(error);
}
