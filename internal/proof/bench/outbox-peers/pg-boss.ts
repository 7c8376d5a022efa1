import { PgBoss } from "pg-boss";
import type { EventEnvelope } from "../../../platform/event/event.ts";
import { cartEvents } from "../events.ts";
import { COUNT, DATABASE_URL, finishWhenDone, ORDERED, publish } from "./publishing.ts";

/*
 * pg-boss as a relay, by its fastest way: batches of 500 fetched and completed at once by two loops.
 * Where order is to be kept, by its own means: the policy key_strict_fifo with the cart as the key.
 */

const QUEUE = "cart-events";
const BATCH = 500;
const boss = new PgBoss({
  connectionString: DATABASE_URL,
  schema: "bench_boss",
  supervise: false,
  schedule: false,
});
boss.on("error", (error) => {
  console.error(error);
  process.exit(1);
});
await boss.start();
await boss.deleteQueue(QUEUE);
await boss.createQueue(QUEUE, ORDERED ? { policy: "key_strict_fifo" } : {});
const events = [...cartEvents(COUNT)];
for (let at = 0; at < COUNT; at += 1_000)
  await boss.insert(
    QUEUE,
    events
      .slice(at, at + 1_000)
      .map((event) => ({ data: event, ...(ORDERED && { singletonKey: event.subject }) })),
  );

let done = 0;
async function drain(): Promise<void> {
  while (done < COUNT) {
    const jobs = await boss.fetch<EventEnvelope>(QUEUE, { batchSize: BATCH });
    if (jobs.length === 0) return;
    await Promise.all(jobs.map((job) => publish(job.data)));
    await boss.complete(
      QUEUE,
      jobs.map((job) => job.id),
    );
    done += jobs.length;
    finishWhenDone(done);
  }
}
await Promise.all([drain(), drain()]);
