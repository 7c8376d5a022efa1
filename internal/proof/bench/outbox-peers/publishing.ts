import { createAmqpPublisher } from "../../../outbox/relay/publisher.amqp.ts";
import { parseAmqpUrl } from "../../../platform/amqp/amqp-url.ts";
import type { EventEnvelope } from "../../../platform/event/event.ts";
import { createLogger } from "../../../platform/logger/logger.ts";

export const COUNT = Number(process.env.COUNT);
export const DATABASE_URL = process.env.DATABASE_URL!;
/** Whether the peer has to keep the order of each cart's events, as the relay does. */
export const ORDERED = process.env.ORDERED === "yes";

const publisher = createAmqpPublisher({
  address: parseAmqpUrl(process.env.AMQP_URL!),
  exchange: "cart.events",
  log: createLogger("peer", "error"),
});
await publisher.ready(AbortSignal.timeout(10_000));

const versions = new Map<string, number>();
let accepted = 0;
let began = 0;

/**
 * Publishes an event. Where order is to be kept, one that comes
 * before its predecessor was accepted ends the process.
 */
export async function publish(event: EventEnvelope): Promise<void> {
  if (began === 0) began = performance.now();
  const { subject, sequence: version } = event;
  if (ORDERED && (versions.get(subject) ?? 0) !== version - 1) {
    console.error(`version ${version} of ${subject} came after version ${versions.get(subject) ?? 0}`);
    process.exit(1);
  }
  const outcome = await publisher.publish(event);
  if (outcome.kind !== "accepted") throw new Error(`the broker did not accept an event: ${outcome.kind}`);
  versions.set(subject, version);
  accepted++;
}

/** To be called when a batch is marked done: ends the process after the last. */
export function finishWhenDone(done: number): void {
  if (done < COUNT) return;
  console.log(JSON.stringify({ perSecond: accepted / ((performance.now() - began) / 1000) }));
  process.exit(0);
}
