/** What a ratio must reach: at least `least` or at most `most`. */
export type Bound = { readonly least: number } | { readonly most: number };

/** One line of the report: ours against a baseline of the same run. */
export interface Figure {
  /** Short and stable, for ONLY= and the JSON. */
  readonly id: string;
  readonly what: string;
  readonly against: string;
  readonly unit: string;
  /** Null for a figure that informs and is not judged: `note` says why. */
  readonly bound: Bound | null;
  readonly note?: string;
  /** One value a round, in the order of the rounds. */
  readonly ours: readonly number[];
  readonly baseline: readonly number[];
  /** Whatever else belongs to it: sizes, connections, settings. */
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface Verdict {
  /** Median of the rounds' ratios: what drifts from round to round touches both sides of each alike. */
  readonly ratio: number;
  /** Lowest and highest ratio of a round. */
  readonly spread: readonly [number, number];
  /** Null when there is no bound. */
  readonly met: boolean | null;
}

/** Judges a figure by the median of its rounds' ratios. */
export function judge({ id, ours, baseline, bound }: Figure): Verdict {
  if (ours.length === 0 || ours.length !== baseline.length) throw new Error(`${id} has uneven rounds`);
  const ratios = ours.map((value, round) => value / baseline[round]!);
  const ratio = median(ratios);
  return {
    ratio,
    spread: [Math.min(...ratios), Math.max(...ratios)],
    met: bound && meets(ratio, bound),
  };
}

function meets(ratio: number, bound: Bound): boolean {
  return "least" in bound ? ratio >= bound.least : ratio <= bound.most;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The value below which `share` (0 to 1) of the values lie. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!;
}

/**
 * Runs contenders in turn, A B C A B C, `rounds` times after one round that does
 * not count. What each returns is collected by contender, in the order of the rounds.
 */
export async function takeTurns<T>(
  rounds: number,
  contenders: readonly ((round: number) => Promise<T>)[],
): Promise<T[][]> {
  const results = contenders.map((): T[] => []);
  for (let round = -1; round < rounds; round++)
    for (const [n, contender] of contenders.entries()) {
      const result = await contender(round);
      if (round >= 0) results[n]!.push(result);
    }
  return results;
}

/** Two contenders in turn, see {@link takeTurns}. */
export async function alternate<A, B>(
  rounds: number,
  a: (round: number) => Promise<A>,
  b: (round: number) => Promise<B>,
): Promise<{ a: A[]; b: B[] }> {
  const [ofA, ofB] = await takeTurns<A | B>(rounds, [a, b]);
  return { a: ofA as A[], b: ofB as B[] };
}
