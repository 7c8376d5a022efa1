import type { OutboxEvent } from "../../../internal/outbox/event.ts";
import { createAmqpPublisher } from "../../../internal/outbox/publisher.amqp.ts";
import { createLogger } from "../../../internal/platform/logger/logger.ts";

export const COUNT = Number(process.env.COUNT);
export const DATABASE_URL = process.env.DATABASE_URL!;

const publisher = createAmqpPublisher({
  url: process.env.AMQP_URL!,
  exchange: "cart.events",
  source: "/cartwright/cart",
  log: createLogger("peer", "error"),
});
await publisher.ready(AbortSignal.timeout(10_000));

let accepted = 0;
let began = 0;

/** Publishes an event; the last of them prints the rate and ends the process. */
export async function publish(event: OutboxEvent): Promise<void> {
  if (began === 0) began = performance.now();
  const outcome = await publisher.publish(event);
  if (outcome.kind !== "accepted") throw new Error(`the broker did not accept an event: ${outcome.kind}`);
  accepted++;
}

/** To be called when a batch is marked done: ends the process after the last. */
export function finishWhenDone(done: number): void {
  if (done < COUNT) return;
  console.log(JSON.stringify({ perSecond: accepted / ((performance.now() - began) / 1000) }));
  process.exit(0);
}
