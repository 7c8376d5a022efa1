/** How many pieces of work run at once against a server whose new sessions are dear. */
export interface SlowStart {
  /**
   * Runs `work` when its turn comes, in the order of the calls. Rejects with the code ETIMEOUT, and does not
   * begin it, when that takes longer than `patienceMs`.
   */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** The server was too slow or away: one at a time. */
  slowDown(): void;
}

interface Running {
  /** performance.now() ms. */
  readonly since: number;
}

/** So that one piece of work that waits for a lock does not keep all others waiting. */
const AT_FIRST = 2;

/** At least so long between two steps, in ms. */
const PACE_MS = 250;
/** Work that takes so long tells of a server, or of new sessions, that should not be given more; in ms. */
const SLOW_MS = 500;

/**
 * {@link AT_FIRST} at first, one after trouble, then one more every {@link PACE_MS} while answers are fast
 * and others wait, up to `most`. A pool alone opens all its sessions at the first rush, and again after every
 * outage; where the first statements of a session cost the server dearly, all of them then run into their
 * time-outs, are replaced, and begin anew.
 */
export function createSlowStart(options: { most: number; patienceMs: number }): SlowStart {
  const { most, patienceMs } = options;
  let limit = Math.min(AT_FIRST, most);
  let steppedAt = performance.now();
  const running = new Set<Running>();
  let waiting: { readonly go: (own: Running) => void; readonly timer: NodeJS.Timeout }[] = [];

  function admit(): void {
    for (const { go, timer } of waiting.splice(0, Math.max(0, limit - running.size))) {
      clearTimeout(timer);
      const own = { since: performance.now() };
      running.add(own);
      go(own);
    }
  }

  function turn(): Promise<Running> {
    return new Promise((resolve, reject) => {
      const late = () => {
        waiting = waiting.filter((each) => each !== entry);
        const message = `no session of the database was free within ${patienceMs} ms`;
        reject(Object.assign(new Error(message), { code: "ETIMEOUT" }));
      };
      const entry = { go: resolve, timer: setTimeout(late, patienceMs) };
      waiting.push(entry);
      admit();
    });
  }

  /** One more session may be afforded when this answer was fast, and nothing else takes long. */
  function succeeded(tookMs: number): void {
    const now = performance.now();
    const slow = tookMs > SLOW_MS || [...running].some(({ since }) => now - since > SLOW_MS);
    if (slow || waiting.length === 0 || now - steppedAt < PACE_MS) return;
    limit = Math.min(most, limit + 1);
    steppedAt = now;
  }

  return {
    run: async (work) => {
      const own = await turn();
      try {
        const value = await work();
        succeeded(performance.now() - own.since);
        return value;
      } finally {
        running.delete(own);
        admit();
      }
    },
    slowDown: () => {
      limit = 1;
      steppedAt = performance.now();
    },
  };
}
