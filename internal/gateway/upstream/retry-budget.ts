/** Of the requests of the last seconds, so many may be repeated; and so many a second beside them. */
const SHARE = 0.2;
const PER_SECOND = 5;

const WINDOW_S = 10;

/** Keeps repetitions from becoming the load that a service in trouble dies of. */
export interface RetryBudget {
  /** A client's request, not a repetition. */
  countRequest(): void;
  /** Takes one repetition out of the budget; false when there is none left. */
  take(): boolean;
}

/**
 * Lets through 20 % of the requests of the last ten seconds, and 5 a second beside them, as repetitions.
 * `now` is in ms.
 */
export function createRetryBudget(now: () => number = performance.now.bind(performance)): RetryBudget {
  const requests = new Float64Array(WINDOW_S);
  const retries = new Float64Array(WINDOW_S);
  let second = Math.floor(now() / 1_000);

  /** The slot of this second, with those that have passed emptied. */
  function slot(): number {
    const current = Math.floor(now() / 1_000);
    for (; second < current; second++) {
      if (current - second > WINDOW_S) second = current - WINDOW_S;
      const next = (second + 1) % WINDOW_S;
      requests[next] = 0;
      retries[next] = 0;
    }
    return current % WINDOW_S;
  }

  return {
    countRequest: () => {
      requests[slot()]! += 1;
    },
    take: () => {
      const at = slot();
      const spent = retries.reduce((sum, count) => sum + count, 0);
      const allowed = SHARE * requests.reduce((sum, count) => sum + count, 0) + PER_SECOND * WINDOW_S;
      if (spent + 1 > allowed) return false;
      retries[at]! += 1;
      return true;
    },
  };
}
