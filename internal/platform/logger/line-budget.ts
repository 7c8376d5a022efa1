/** Bounds how often a kind of line is written, whatever sets it off. */
export interface LineBudget {
  /** Null when the line is to be left out, else how many were left out since the last one. */
  take(): number | null;
}

/** `burst` lines at once, and one more each `everyMs`. */
export function createLineBudget({
  burst = 10,
  everyMs = 6_000,
  now = () => performance.now(),
} = {}): LineBudget {
  let tokens = burst;
  let at = now();
  let leftOut = 0;
  return {
    take: () => {
      const earned = Math.floor((now() - at) / everyMs);
      tokens = Math.min(burst, tokens + earned);
      at += earned * everyMs;
      if (tokens === 0) {
        leftOut++;
        return null;
      }
      tokens--;
      const before = leftOut;
      leftOut = 0;
      return before;
    },
  };
}
