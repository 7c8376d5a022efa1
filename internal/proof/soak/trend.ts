/* Whether a series of samples keeps growing. Pure functions; nothing here knows what was measured. */

/** A value seen at a moment; any unit of time, as long as it is the same for all. */
export interface Point {
  readonly at: number;
  readonly value: number;
}

/** How fast a series grows. */
export interface Slope {
  /** The median of the slopes between all pairs of points (Theil-Sen): outliers do not move it. */
  readonly perUnit: number;
  /** The bounds within which the true slope lies with 95 % confidence (Sen). */
  readonly low: number;
  readonly high: number;
  /**
   * Mann-Kendall's statistic: above 2.33, chance alone would show such a rise in less than 1 of 100 series.
   */
  readonly z: number;
}

/** Both must be exceeded: a share of the level, and an amount. */
export interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
}

export interface Verdict {
  /** The medians of the first and the last third of what is judged. */
  readonly first: number;
  readonly last: number;
  readonly slope: Slope;
  readonly leaks: boolean;
}

const SIGNIFICANT_Z = 2.326;
const CONFIDENT_Z = 1.96;
/** More points say nothing new, and every pair of them is looked at. */
const MOST_POINTS = 240;
/** Fewer points are no ground for a verdict. */
const FEWEST_POINTS = 8;

/**
 * Judges an amount such as memory. It leaks when, after the first quarter (warming up), its growth over the
 * rest is significant, larger than the tolerance, and goes on: in the second half at least half as fast as in
 * the whole, which tells a leak from a curve that flattens. Throws on fewer than 8 points after warming up.
 */
export function judgeGrowth(points: readonly Point[], tolerance: Tolerance): Verdict {
  const judged = thinned(afterWarmUp(points));
  const slope = slopeOf(judged);
  const growth = slope.perUnit * (judged.at(-1)!.at - judged[0]!.at);
  const { first, last } = thirds(judged);
  const goesOn = slopeOf(judged.slice(Math.floor(judged.length / 2))).perUnit >= slope.perUnit / 2;
  const leaks = slope.z > SIGNIFICANT_Z && goesOn && growth > allowance(first, tolerance);
  return { first, last, slope, leaks };
}

/**
 * Judges a count of things that come and go, such as sockets. It leaks when, after warming up, the median of
 * the last third lies above the maximum of the first by more than the tolerance. The median, because a burst
 * passes while what leaks stays; the maximum, because what was once reached without harm is no growth.
 */
export function judgeBounded(points: readonly Point[], tolerance: Tolerance): Verdict {
  const judged = afterWarmUp(points);
  const { first, last } = thirds(judged);
  const third = Math.floor(judged.length / 3);
  const most = Math.max(...judged.slice(0, third).map(({ value }) => value));
  return { first, last, slope: slopeOf(thinned(judged)), leaks: last > most + allowance(most, tolerance) };
}

/** Theil-Sen's slope with Sen's confidence interval and Mann-Kendall's significance, ties included. */
export function slopeOf(points: readonly Point[]): Slope {
  const slopes: number[] = [];
  let rises = 0;
  for (const [i, left] of points.entries()) {
    for (const right of points.slice(i + 1)) {
      slopes.push((right.value - left.value) / (right.at - left.at));
      rises += Math.sign(right.value - left.value);
    }
  }
  if (slopes.length === 0) return { perUnit: 0, low: 0, high: 0, z: 0 };
  slopes.sort((a, b) => a - b);
  const deviation = Math.sqrt(varianceOfRises(points));
  const reach = CONFIDENT_Z * deviation;
  const at = (rank: number) => slopes[Math.min(slopes.length - 1, Math.max(0, Math.round(rank)))]!;
  return {
    perUnit: median(slopes),
    low: at((slopes.length - reach) / 2 - 1),
    high: at((slopes.length + reach) / 2),
    z: deviation === 0 ? 0 : (rises - Math.sign(rises)) / deviation,
  };
}

function varianceOfRises(points: readonly Point[]): number {
  const ties = new Map<number, number>();
  for (const { value } of points) ties.set(value, (ties.get(value) ?? 0) + 1);
  const weight = (n: number) => n * (n - 1) * (2 * n + 5);
  let sum = weight(points.length);
  for (const count of ties.values()) sum -= weight(count);
  return sum / 18;
}

function afterWarmUp(points: readonly Point[]): readonly Point[] {
  const judged = points.slice(Math.floor(points.length / 4));
  if (judged.length < FEWEST_POINTS) {
    throw new Error(`${judged.length} samples after warming up are too few for a verdict`);
  }
  return judged;
}

/** At most 240 points: each the median of as many neighbours as it takes. */
function thinned(points: readonly Point[]): readonly Point[] {
  const size = Math.ceil(points.length / MOST_POINTS);
  if (size === 1) return points;
  return Array.from({ length: Math.floor(points.length / size) }, (_, i) => {
    const group = points.slice(i * size, (i + 1) * size);
    return { at: median(group.map(({ at }) => at)), value: median(group.map(({ value }) => value)) };
  });
}

function thirds(points: readonly Point[]): { first: number; last: number } {
  const third = Math.floor(points.length / 3);
  const values = points.map(({ value }) => value);
  return { first: median(values.slice(0, third)), last: median(values.slice(-third)) };
}

function allowance(level: number, { relative, absolute }: Tolerance): number {
  return Math.max(Math.abs(level) * relative, absolute);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
