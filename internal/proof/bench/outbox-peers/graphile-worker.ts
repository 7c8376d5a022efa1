import { Logger, makeWorkerUtils, run } from "graphile-worker";
import type { EventEnvelope } from "../../../platform/event/event.ts";
import { cartEvents } from "../events.ts";
import { COUNT, DATABASE_URL, finishWhenDone, ORDERED, publish } from "./publishing.ts";

/*
 * graphile-worker as a relay, tuned as its documentation advises for throughput: a
 * local queue and batched completion, and no line in a log for each job. Where
 * order is to be kept, by its own means: a named queue for each cart.
 */

const logger = new Logger(() => () => {});

const utils = await makeWorkerUtils({ connectionString: DATABASE_URL, logger });
await utils.migrate();
const events = [...cartEvents(COUNT)];
for (let at = 0; at < COUNT; at += 1_000)
  await utils.addJobs(
    events.slice(at, at + 1_000).map((event) => ({
      identifier: "publish",
      payload: event,
      ...(ORDERED && { queueName: event.subject }),
    })),
  );

let done = 0;
await run({
  preset: {
    worker: {
      connectionString: DATABASE_URL,
      logger,
      concurrentJobs: 128,
      maxPoolSize: 10,
      localQueue: { size: 500 },
      completeJobBatchDelay: 0,
      failJobBatchDelay: 0,
    },
  },
  taskList: {
    publish: async (payload) => {
      await publish(payload as EventEnvelope);
      finishWhenDone(++done);
    },
  },
  noHandleSignals: true,
});
