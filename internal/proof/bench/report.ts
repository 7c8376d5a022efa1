import { type Bound, type Figure, judge, median } from "./figure.ts";

const COLUMNS = [38, 36, 9, 7, 15, 12, 12] as const;

export const HEADING = row(["what", "against", "bound", "ratio", "spread", "ours", "baseline"]);

/** One figure as a line of the table. */
export function lineOf(figure: Figure): string {
  const { ratio, spread, met } = judge(figure);
  const line = `${mark(met)} ${row([
    figure.what,
    figure.against,
    written(figure.bound),
    ratio.toFixed(2),
    `${spread[0].toFixed(2)} to ${spread[1].toFixed(2)}`,
    `${short(median(figure.ours))}`,
    `${short(median(figure.baseline))} ${figure.unit}`,
  ])}`.trimEnd();
  return figure.note ? `${line}\n      ${figure.note}` : line;
}

function mark(met: boolean | null): string {
  if (met === null) return "·";
  return met ? "✓" : "✗";
}

function written(bound: Bound | null): string {
  if (bound === null) return "none";
  return "least" in bound ? `>= ${bound.least}` : `<= ${bound.most}`;
}

function row(cells: readonly string[]): string {
  return cells.map((cell, index) => cell.padEnd(COLUMNS[index]!)).join(" ");
}

function short(value: number): string {
  return value >= 1_000 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);
}
