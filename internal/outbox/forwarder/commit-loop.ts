import { ExponentialBackoff, handleAll, retry } from "cockatiel";

/** Commits for as long as there is something to commit, one after the other. */
export interface CommitLoop {
  /** Begins, unless it is under way already. */
  wake(): void;
  /** Resolves when what is under way has ended, well or not. */
  settled(): Promise<void>;
  /** No further commit begins; resolves when the one under way has ended. */
  close(): Promise<void>;
}

/**
 * After a commit of more than one event the next begins no sooner than this
 * after it began, in ms, as PostgreSQL's commit_delay and commit_siblings do
 * for its log. Each commit saved spares Redis, database and relay a wake-up.
 */
const PACE_MS = 3;

/** Tries again by itself for as long as it takes, without keeping the process alive. */
const patiently = retry(handleAll, {
  maxAttempts: Number.POSITIVE_INFINITY,
  backoff: new ExponentialBackoff({ initialDelay: 100, maxDelay: 500 }),
}).dangerouslyUnref();

/**
 * `hasWork` says whether there is something to commit; `commitNext` resolves with how many events it took up.
 * When it rejects, `onFailure` is told, and it is called again after a while.
 */
export function createCommitLoop(options: {
  hasWork: () => boolean;
  commitNext: () => Promise<number>;
  onFailure: (error: unknown) => void;
}): CommitLoop {
  const { hasWork, commitNext, onFailure } = options;
  const closing = new AbortController();
  let running = false;
  let attempt: Promise<void> = Promise.resolve();
  let last = { at: 0, events: 0 };

  async function commitAll(): Promise<void> {
    // One turn of the event loop: requests whose replies arrived in the same chunk share the commit.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (hasWork() && !closing.signal.aborted) {
      // Only after a commit of several events: with a single client there is nothing to wait for.
      const wait = last.events > 1 ? last.at + PACE_MS - performance.now() : 0;
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      const at = performance.now();
      try {
        last = { at, events: await commitNext() };
      } catch (error) {
        onFailure(error);
        throw error;
      }
    }
  }

  function wake(): void {
    if (running || closing.signal.aborted) return;
    running = true;
    void patiently
      .execute(() => {
        attempt = commitAll();
        return attempt;
      }, closing.signal)
      // Given up only when closing; the failure has been told of when it began.
      .catch(() => undefined)
      .finally(() => {
        running = false;
        if (hasWork()) wake();
      });
  }

  const settled = () => attempt.catch(() => undefined);
  return {
    wake,
    settled,
    close: () => {
      closing.abort();
      return settled();
    },
  };
}
