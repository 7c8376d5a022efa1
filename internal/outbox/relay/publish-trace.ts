import type { EventEnvelope } from "../../platform/event/event.ts";
import { isTraced, startSpan } from "../../platform/telemetry/telemetry.ts";
import type { PublishOutcome } from "./publisher.ts";

/**
 * Publishes a traced event in a span of the request's trace. One that is accepted also has its whole wait
 * there, from the change to the sending: less the span `staged`, that is its time in the outbox.
 */
export function tracePublish(
  event: EventEnvelope,
  exchange: string,
  publish: () => Promise<PublishOutcome>,
): Promise<PublishOutcome> {
  return isTraced(event.traceparent) ? traced(event, exchange, publish) : publish();
}

async function traced(
  { traceparent, occurredAt, id, type, source }: EventEnvelope,
  exchange: string,
  publish: () => Promise<PublishOutcome>,
): Promise<PublishOutcome> {
  const sentAt = Date.now();
  const span = startSpan({
    name: `send ${exchange}`,
    kind: "producer",
    parent: traceparent,
    attributes: {
      "messaging.system": "rabbitmq",
      "messaging.operation.name": "send",
      "messaging.operation.type": "send",
      "messaging.destination.name": exchange,
      "messaging.rabbitmq.destination.routing_key": type,
      "messaging.message.id": id,
      "cloudevents.event_id": id,
      "cloudevents.event_source": source,
      "cloudevents.event_type": type,
    },
  });
  const outcome = await publish();
  span?.set({ "cartwright.outcome": outcome.kind });
  span?.end(outcome.kind === "accepted" ? undefined : new Error(outcome.error));
  if (outcome.kind === "accepted")
    startSpan({ name: "in the outbox", parent: traceparent, startTime: occurredAt })?.end(undefined, sentAt);
  return outcome;
}
