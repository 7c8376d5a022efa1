import { familySeconds, processTimes } from "../../testkit/servers/process-tree.ts";

/** Processes by what they are: a cart may be several, a database its whole family. */
export type Parts = Readonly<Record<string, readonly number[]>>;

/** Runs `work`; resolves with its result and with the processor time, in s, that each part used meanwhile. */
export async function withCpu<T>(
  parts: Parts,
  work: () => Promise<T>,
): Promise<{ result: T; cpu: CpuOfParts }> {
  const before = secondsOf(parts);
  const result = await work();
  const after = secondsOf(parts);
  const cpu = Object.fromEntries(Object.entries(after).map(([part, s]) => [part, s - before[part]!]));
  return { result, cpu };
}

/** Processor time in s by part. */
export type CpuOfParts = Readonly<Record<string, number>>;

function secondsOf(parts: Parts): CpuOfParts {
  const times = processTimes();
  const ofAll = (pids: readonly number[]) => pids.reduce((sum, pid) => sum + familySeconds(pid, times), 0);
  return Object.fromEntries(Object.entries(parts).map(([part, pids]) => [part, ofAll(pids)]));
}

/** What was done, and what it cost. */
export interface Cost {
  readonly requests: number;
  readonly cpu: CpuOfParts;
}

/** What a request cost in us: all parts together, or those named. */
export function microsecondsEach({ cpu, requests }: Cost, parts = Object.keys(cpu)): number {
  return (parts.reduce((sum, part) => sum + cpu[part]!, 0) / requests) * 1e6;
}

/** A sentence of what a request cost each part over all rounds, the dearest first. */
export function costByPart(rounds: readonly Cost[]): string {
  const total = {
    requests: rounds.reduce((sum, { requests }) => sum + requests, 0),
    cpu: sumOfParts(rounds.map(({ cpu }) => cpu)),
  };
  const each = Object.keys(total.cpu)
    .map((part) => ({ part, us: Math.round(microsecondsEach(total, [part])) }))
    .toSorted((a, b) => b.us - a.us)
    .map(({ part, us }) => `${part} ${us}`);
  return `CPU of a request in us: ${Math.round(microsecondsEach(total))} (${each.join(", ")})`;
}

function sumOfParts(rounds: readonly CpuOfParts[]): CpuOfParts {
  const sum: Record<string, number> = {};
  for (const cpu of rounds)
    for (const [part, seconds] of Object.entries(cpu)) sum[part] = (sum[part] ?? 0) + seconds;
  return sum;
}
