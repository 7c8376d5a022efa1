import type { Figures } from "./figures.ts";

/** What one round of scaling remembers for the next. */
export interface ScalingMemory {
  /** What was wanted lately, oldest first; `at` in ms of a monotonic clock. */
  readonly wanted: readonly { readonly at: number; readonly relays: number }[];
  /** Why the last round decided as it did; absent before the first. */
  readonly reason?: ScalingReason;
}

export type ScalingReason =
  | "Paused"
  | "OutOfBounds"
  | "FiguresMissing"
  | "BrokerAway"
  | "LagGrows"
  | "LagGone"
  | "Settled";

export interface ScalingDecision {
  readonly replicas: number;
  /** For the Event, the condition and the metric. */
  readonly reason: ScalingReason;
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
  const decided = (
    replicas: number,
    reason: ScalingReason,
    message: string,
    wanted: ScalingMemory["wanted"] = [],
  ): ScalingDecision => ({ replicas, reason, message, memory: { wanted, reason } });
  const keep = (reason: ScalingReason, message: string) => decided(current, reason, message);
  if (paused) return keep("Paused", "scaling is paused by annotation");
  if (current < min || current > max) {
    const replicas = Math.min(Math.max(current, min), max);
    return decided(replicas, "OutOfBounds", `between ${min} and ${max} relays are allowed`);
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
    return decided(replicas, "LagGrows", `${figures.partitionsBehind} partitions are behind`, recent);
  }
  // The window must be full: a new leader knows nothing of what was wanted before it.
  const watchedSince = memory.wanted[0]?.at ?? now;
  const enough = Math.max(...recent.map(({ relays }) => relays));
  if (enough < current && watchedSince <= since) {
    const message = `${relays(enough)} would have been enough for ${scaleDownMs / 1000} s`;
    return decided(current - 1, "LagGone", message, [...memory.wanted.slice(0, 1), ...recent]);
  }
  const first = memory.wanted[0];
  const kept = first && first.at <= since ? [first, ...recent] : recent;
  const message =
    figures.partitionsBehind > max
      ? `${figures.partitionsBehind} partitions are behind, but ${max} relays are the most`
      : `${relays(current)} ${current === 1 ? "keeps" : "keep"} up`;
  return decided(current, "Settled", message, kept);
}

function relays(count: number): string {
  return count === 1 ? "1 relay" : `${count} relays`;
}
