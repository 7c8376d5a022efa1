/** Pauses between attempts: each about twice the one before, with jitter, so that many clients do not come back at once. */
export interface Backoff {
  /** The next pause, in ms. */
  next(): number;
  /** The attempts have led somewhere: the next pause is a short one. */
  reset(): void;
}

/** Pauses from `minMs` to `maxMs`; each lies between a half and the whole of its turn's length. */
export function createBackoff(minMs: number, maxMs: number): Backoff {
  let lengthMs = minMs;
  return {
    next: () => {
      const pause = lengthMs * (0.5 + Math.random() / 2);
      lengthMs = Math.min(lengthMs * 2, maxMs);
      return pause;
    },
    reset: () => {
      lengthMs = minMs;
    },
  };
}
