import { outliveBrokenPipe } from "../internal/platform/lifecycle/broken-pipe.ts";
import { lockOrThrow } from "../internal/testkit/local/lock.ts";
import { stopLogKeeper } from "../internal/testkit/local/log-keeper.ts";
import { stopPart } from "../internal/testkit/local/start-part.ts";
import { readState, writeState } from "../internal/testkit/local/state.ts";
import { fail, step } from "../internal/testkit/local/steps.ts";
import { stillRuns } from "../internal/testkit/servers/child.ts";
import { stopPortMapper } from "../internal/testkit/servers/rabbitmq-files.ts";

/**
 * `make down`: stops exactly what `make up` started, last
 * first; what has ended or was never ours is left alone.
 */

outliveBrokenPipe();
try {
  lockOrThrow();
  const state = readState();
  const running = state.started.filter(stillRuns).toReversed();
  if (running.length === 0) console.log("Nothing of this checkout is running.");
  for (const part of running) await step(`stop ${part.name}`, () => stopPart(part));
  if (state.rabbitDir !== undefined) await stopPortMapper(state.rabbitDir);
  await stopLogKeeper(state);
  const { logKeeper: _ended, ...rest } = state;
  writeState({ ...rest, started: [] });
} catch (error) {
  fail(error);
}
