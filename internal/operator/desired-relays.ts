import type { Figures } from "./figures.ts";

/** What one round of scaling remembers for the next. */
export interface ScalingMemory {
  /** What was wanted lately, oldest first; `at` in ms of a monotonic clock. */
  readonly wanted: readonly { readonly at: number; readonly relays: number }[];
}

export interface ScalingDecision {
  readonly replicas: number;
  /** For the Event, the condition and the metric. */
  readonly reason:
    | "Paused"
    | "OutOfBounds"
    | "FiguresMissing"
    | "BrokerAway"
    | "LagGrows"
    | "LagGone"
    | "Settled";
  readonly message: string;
  readonly memory: ScalingMemory;
}

/** Each round at most doubles the relays, so that one wrong figure cannot start them all. */
const GROWTH = 2;

/**
 * How many relays there should be: one for each partition in which more waits than its relay can read,
 * between `min` and `max`. A partition that stands still behind a poison event is not such a partition.
 * Without figures from every relay, or without a broker, the number stays. Fewer relays must have been enough
 * for `scaleDownMs` before one goes. Pure: `now` is in ms of the clock that `memory` was made with.
 */
export function desiredRelays(options: {
  current: number;
  min: number;
  max: number;
  scaleDownMs: number;
  paused: boolean;
  figures: Pick<Figures, "partitionsBehind" | "brokerConnected">;
  memory: ScalingMemory;
  now: number;
}): ScalingDecision {
  const { current, min, max, scaleDownMs, paused, figures, memory, now } = options;
  const keep = (reason: ScalingDecision["reason"], message: string): ScalingDecision => ({
    replicas: current,
    reason,
    message,
    memory: { wanted: [] },
  });
  if (paused) return keep("Paused", "scaling is paused by annotation");
  if (current < min || current > max) {
    const replicas = Math.min(Math.max(current, min), max);
    return { ...keep("OutOfBounds", `between ${min} and ${max} relays are allowed`), replicas };
  }
  if (figures.partitionsBehind === null)
    return keep("FiguresMissing", "not every relay says how far behind it is; their number stays");
  if (figures.brokerConnected === false)
    return keep("BrokerAway", "no relay reaches the broker; more of them would not help");

  const wantedNow = Math.min(Math.max(figures.partitionsBehind, min), max);
  const since = now - scaleDownMs;
  const recent = [...memory.wanted.filter(({ at }) => at > since), { at: now, relays: wantedNow }];
  if (wantedNow > current) {
    const replicas = Math.min(wantedNow, current * GROWTH);
    const message = `${figures.partitionsBehind} partitions are behind`;
    return { replicas, reason: "LagGrows", message, memory: { wanted: recent } };
  }
  // The window must be full: a new leader knows nothing of what was wanted before it.
  const watchedSince = memory.wanted[0]?.at ?? now;
  const enough = Math.max(...recent.map(({ relays }) => relays));
  if (enough < current && watchedSince <= since) {
    const message = `${enough} relays were enough for ${scaleDownMs / 1000} s`;
    return {
      replicas: current - 1,
      reason: "LagGone",
      message,
      memory: { wanted: [...memory.wanted.slice(0, 1), ...recent] },
    };
  }
  const first = memory.wanted[0];
  const kept = first && first.at <= since ? [first, ...recent] : recent;
  return {
    replicas: current,
    reason: "Settled",
    message: `${current} relays keep up`,
    memory: { wanted: kept },
  };
}
