/** Cumulative counts of a Prometheus histogram by upper bound. */
export type Buckets = ReadonlyMap<number, number>;

export function bucketsOf(exposition: string, name: string): Buckets {
  const buckets = new Map<number, number>();
  const line = new RegExp(`^${name}_bucket\\{[^}]*le="([^"]+)"[^}]*\\} (\\S+)$`, "gm");
  for (const [, bound, count] of exposition.matchAll(line))
    buckets.set(bound === "+Inf" ? Number.POSITIVE_INFINITY : Number(bound), Number(count));
  return buckets;
}

/** What was observed between two scrapes. */
export function difference(later: Buckets, earlier: Buckets): Buckets {
  return new Map([...later].map(([bound, count]) => [bound, count - (earlier.get(bound) ?? 0)]));
}

/** A quantile as Prometheus' histogram_quantile estimates it: evenly spread within a bucket. */
export function bucketQuantile(buckets: Buckets, share: number): number {
  const sorted = [...buckets].sort(([a], [b]) => a - b);
  const rank = share * (sorted.at(-1)?.[1] ?? 0);
  let [lower, below] = [0, 0];
  for (const [bound, count] of sorted) {
    if (count >= rank && count > below)
      return bound === Number.POSITIVE_INFINITY
        ? lower
        : lower + ((bound - lower) * (rank - below)) / (count - below);
    [lower, below] = [bound, count];
  }
  throw new Error("the histogram is empty");
}
