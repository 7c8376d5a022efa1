import { ExponentialBackoff, handleWhen, retry } from "cockatiel";

const TIMES = 5;

/** One second to ten. */
const PATIENT = { initialDelay: 1_000, maxDelay: 10_000 };

/**
 * Makes a function that runs `work`, and again up to five times more while it fails
 * with what `passing` recognises: a server that is moving or not up yet. Waits for
 * `delays` (ms) between; for commands that a person or a Job started.
 */
export function retryPatiently(
  passing: (error: unknown) => boolean,
  delays = PATIENT,
): <T>(work: () => Promise<T>) => Promise<T> {
  const policy = retry(handleWhen(passing), {
    maxAttempts: TIMES,
    backoff: new ExponentialBackoff(delays),
  });
  return (work) => policy.execute(work);
}

/**
 * Makes a function that runs `work`, and again up to five times more while it
 * fails with what `transient` recognises: a conflict that was rolled back and
 * may simply be tried anew. Waits a random few ms between, growing.
 */
export function retryWhen(transient: (error: unknown) => boolean): <T>(work: () => Promise<T>) => Promise<T> {
  const policy = retry(handleWhen(transient), {
    maxAttempts: TIMES,
    backoff: new ExponentialBackoff({ initialDelay: 5, maxDelay: 200 }),
  });
  return (work) => policy.execute(work);
}
