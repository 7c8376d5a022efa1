import { type Finding, RULES } from "./measures.ts";
import type { SoakReport } from "./soak.ts";

/**
 * Less than this share of expected answers, and the platform
 * was not under the load that the verdict speaks of.
 */
const LEAST_EXPECTED = 0.99;

/** Everything that makes a soak fail, in words; empty when it passed. */
export function faultsOf({ findings, load, events, processes }: SoakReport): string[] {
  const { answered, unexpected, leftOut } = load;
  const faults = findings
    .filter(({ leaks }) => leaks)
    .map((each) => `${each.subject}: ${each.measure} grows (${change(each)}, ${slope(each)})`);
  for (const { name, warnings } of processes) {
    for (const warning of new Set(warnings)) faults.push(`${name}: Node warns: ${warning}`);
  }
  if (answered === 0 || unexpected > answered * (1 - LEAST_EXPECTED)) {
    faults.push(
      `${unexpected} of ${answered} answers were unexpected: this was not the load to be judged under`,
    );
  }
  if (leftOut > answered / 10)
    faults.push(`${leftOut} requests were left out: the platform does not keep up`);
  if (events === 0) faults.push("no event arrived");
  return faults;
}

/** The table a person reads: each measure of each subject, first and last third, and how it grew. */
export function table({ findings, load, events, processes }: SoakReport): string[] {
  const header = ["", "", "first third", "last third", "a minute (95 %)", "samples", ""];
  const rows = findings.map((each, i) => [
    findings[i - 1]?.subject === each.subject ? "" : each.subject,
    each.measure,
    shown(each, each.first),
    shown(each, each.last),
    slope(each),
    String(each.samples),
    each.leaks ? "LEAK" : "",
  ]);
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => row[column]!.length)));
  const line = (row: string[]) =>
    row
      .map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join("  ")
      .trimEnd();
  return [
    ...[header, ...rows].map(line),
    "",
    ...processes.map(({ name, mostListenersOn }) => `most listeners in ${name}: ${mostListenersOn}`),
    "",
    `${load.answered} answers, ${load.unexpected} unexpected; ${load.rude} rude clients; ${load.leftOut} left out; ${events} events`,
    [...load.answers]
      .toSorted(([, a], [, b]) => b - a)
      .map(([what, count]) => `${what}: ${count}`)
      .join(", "),
  ];
}

function change(finding: Finding): string {
  return `${shown(finding, finding.first)} -> ${shown(finding, finding.last)}`;
}

function slope({ measure, slope: { perUnit, low, high } }: Finding): string {
  const [scale, unit] = RULES[measure].unit === "MB" ? [1 / 1_024, " KB"] : [1, ""];
  const number = (value: number) => (value * scale).toFixed(1);
  return `${number(perUnit)}${unit} (${number(low)} to ${number(high)})`;
}

function shown({ measure }: Finding, value: number): string {
  return RULES[measure].unit === "MB" ? `${(value / 1_048_576).toFixed(1)} MB` : String(Math.round(value));
}
