import { describe, nameOf } from "./check/attribution.ts";
import type { History, Violation } from "./check/history.ts";
import type { Run } from "./run.ts";

/** What a person wants to know of a run, a line each. */
export function summaryOf({ history, worstLag, recoveredMs, drainedMs }: Run): string[] {
  const { attempts, arrivals, faults } = history;
  const ids = new Set(arrivals.map(({ id }) => id));
  const outcomes = counted(
    attempts.map(({ outcome }) => {
      if (outcome.kind === "done") return outcome.replayed ? "done (repeated)" : "done";
      return outcome.kind === "refused" ? `refused ${outcome.code}` : `unknown: ${outcome.reason}`;
    }),
  );
  return [
    `requests    ${attempts.length}: ${counted(attempts.map(({ operation }) => operation))}`,
    `answers     ${outcomes}`,
    `faults      ${faults.length}: ${counted(faults.map(({ kind }) => kind))}`,
    `events      ${ids.size}, ${arrivals.length - ids.size} of them told again`,
    `worst lag   ${worstLag.toFixed(1)} s`,
    `recovered   ${(recoveredMs / 1_000).toFixed(1)} s after the last fault, under load`,
    `drained     ${(drainedMs / 1_000).toFixed(1)} s after the last request`,
  ];
}

function counted(names: readonly string[]): string {
  return [...Map.groupBy(names, (name) => name)]
    .map(([name, { length }]) => ({ name, length }))
    .sort((a, b) => b.length - a.length)
    .map(({ name, length }) => `${length} ${name}`)
    .join(", ");
}

/** A history in the order of time, a line for each thing that happened. */
export function story({ attempts, arrivals, carts, faults }: History): string[] {
  const lines = [
    ...attempts.map((attempt) => ({
      at: attempt.from,
      text: `${describe(attempt)}${attempt.ifMatch === null ? "" : ` if at ${attempt.ifMatch}`}: ${JSON.stringify(attempt.outcome)} after ${attempt.to - attempt.from} ms`,
    })),
    ...arrivals.map((arrival) => ({
      at: arrival.receivedAt,
      text: `${nameOf(arrival)} of (${arrival.trace?.slice(0, 8) ?? "nobody"}) at ${arrival.occurredAt} arrives: ${JSON.stringify(arrival.data.items)}`,
    })),
    ...faults.map(({ kind, from, to }) => ({ at: from, text: `*** ${kind}, for ${to - from} ms` })),
    ...carts.map(({ cart, from }) => ({ at: from, text: `the cart at rest: ${JSON.stringify(cart)}` })),
  ];
  return lines.sort((a, b) => a.at - b.at).map(({ at, text }) => `${at} ${text}`);
}

export function violationText({ rule, owner, sentence }: Violation): string {
  return `${rule} (${owner}): ${sentence}`;
}
