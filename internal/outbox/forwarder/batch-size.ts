/** How many events the next commit may hold. */
export interface BatchSize {
  limit(): number;
  /** A commit of so many events has succeeded, after so many ms. */
  succeeded(events: number, tookMs: number): void;
  failed(): void;
}

const LEAST = 16;
const MOST = 2_000;

/** What a commit should take at most, in ms: so long a rival keeps away from its partitions. */
const TARGET_MS = 100;

/**
 * Grows twofold while full commits take less than half of what they should, shrinks in proportion when they
 * take longer, and begins small, also after a failure: a database that has just come back may be slow, and a
 * commit that takes longer than requests wait looks like one that hangs. `patienceMs` is how long they wait.
 */
export function createBatchSize(patienceMs: number): BatchSize {
  const targetMs = Math.min(TARGET_MS, patienceMs / 4);
  let limit = LEAST;
  return {
    limit: () => limit,
    succeeded: (events, tookMs) => {
      if (tookMs > targetMs)
        limit = Math.max(LEAST, Math.min(limit, Math.floor((events * targetMs) / tookMs)));
      else if (tookMs < targetMs / 2 && events > limit / 2) limit = Math.min(MOST, limit * 2);
    },
    failed: () => {
      limit = LEAST;
    },
  };
}
