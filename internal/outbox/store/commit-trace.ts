import type { EventEnvelope } from "../../platform/event/event.ts";
import { isTraced, startSpan } from "../../platform/telemetry/telemetry.ts";
import type { OutboxWriter } from "./store.ts";

/** The databases as OpenTelemetry names them. */
export type DatabaseSystem = "postgresql" | "microsoft.sql_server";

/** The writer's commits of what was staged, traced. */
export function traceAppends(
  { appendWhereFree }: Pick<OutboxWriter, "appendWhereFree">,
  system: DatabaseSystem,
): Pick<OutboxWriter, "appendWhereFree"> {
  return {
    appendWhereFree: async (events) => {
      const endTrace = traceCommit(events, system);
      try {
        const leftOut = await appendWhereFree(events);
        endTrace(leftOut);
        return leftOut;
      } catch (error) {
        endTrace([], error);
        throw error;
      }
    },
  };
}

/**
 * Ends the spans of a commit: `leftOut` are the partitions that it did not touch, `error` is why it failed.
 */
type EndCommit = (leftOut: readonly number[], error?: unknown) => void;

const UNTRACED: EndCommit = () => {};

/**
 * The spans of a commit that begins now: its own, within the trace of the first traced event and with links
 * to the others, and for each event that is committed the wait since its change, with a link to the commit.
 */
function traceCommit(events: readonly EventEnvelope[], system: DatabaseSystem): EndCommit {
  const traced = events.filter(({ traceparent }) => isTraced(traceparent));
  if (traced.length === 0) return UNTRACED;
  const [first, ...others] = traced.map(({ traceparent }) => traceparent!);
  const commit = startSpan({
    name: "INSERT outbox_event",
    kind: "client",
    parent: first!,
    links: others,
    attributes: {
      "db.system.name": system,
      "db.operation.name": "INSERT",
      "db.collection.name": "outbox_event",
      "db.operation.batch.size": events.length,
    },
  });
  if (commit === null) return UNTRACED;
  return (leftOut, error) => {
    commit.end(error);
    if (error !== undefined) return;
    for (const { traceparent, partition, occurredAt, type } of traced) {
      if (leftOut.includes(partition)) continue;
      const attributes = { "cloudevents.event_type": type };
      const links = [commit.traceparent];
      startSpan({ name: "staged", parent: traceparent, links, attributes, startTime: occurredAt })?.end();
    }
  };
}
