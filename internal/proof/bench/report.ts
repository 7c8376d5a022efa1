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
    shortRatio(ratio),
    `${shortRatio(spread[0])} to ${shortRatio(spread[1])}`,
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

/** Two digits after the point, or as many as show two that count. */
function shortRatio(ratio: number): string {
  return ratio > 0 && ratio < 0.1 ? ratio.toPrecision(2) : ratio.toFixed(2);
}

function short(value: number): string {
  return value >= 1_000 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);
}
