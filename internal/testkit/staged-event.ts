import type { StagedEvent } from "../platform/event/event.ts";
import { ORIGIN } from "./event-origin.ts";

/** The `ordinal`-th staged event of a shard, whose id tells both. */
export const stagedEvent = (ordinal: number, partition = 0): StagedEvent => ({
  entryId: `1000-${ordinal}`,
  ordinal,
  event: {
    id: `event-${partition}-${ordinal}`,
    partition,
    ...ORIGIN,
    type: "cart.updated",
    subject: "cart",
    sequence: ordinal,
    data: "{}",
    traceparent: null,
    occurredAt: 1_000,
  },
});
