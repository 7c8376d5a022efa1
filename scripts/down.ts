import { stillRuns } from "./servers/child.ts";
import { stopPortMapper } from "./servers/rabbitmq-files.ts";
import { lockOrThrow } from "./stack/lock.ts";
import { stopPart } from "./stack/start-part.ts";
import { readState, writeState } from "./stack/state.ts";
import { fail, step } from "./stack/steps.ts";

/* `make down`: stops exactly what `make up` started, last first; what has ended or was never ours is left alone. */

try {
  lockOrThrow();
  const state = readState();
  const running = state.started.filter(stillRuns).toReversed();
  if (running.length === 0) console.log("Nothing of this checkout is running.");
  for (const part of running) await step(`stop ${part.name}`, () => stopPart(part));
  if (state.rabbitDir !== undefined) await stopPortMapper(state.rabbitDir);
  writeState({ ...state, started: [] });
} catch (error) {
  fail(error);
}
