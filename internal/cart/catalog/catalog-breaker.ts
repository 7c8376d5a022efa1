import {
  BrokenCircuitError,
  CircuitState,
  circuitBreaker,
  handleWhen,
  type IBreaker,
  type ICircuitBreakerOptions,
} from "cockatiel";

/** How long (ms) the breaker stays open before one request tries the catalog again. */
export const HALF_OPEN_AFTER_MS = 1_000;

/** Failures in a row that make the breaker doubt the catalog. */
const DOUBT_AFTER = 5;

/** A failure that is about one request (an odd id), and says nothing about the catalog. */
export class RequestFault extends Error {}

/** Repeats a look-up that the catalog has answered before; rejects when it no longer does. */
export type Probe = () => Promise<unknown>;

/**
 * A breaker that one client's odd requests cannot open: after five failures in a row it repeats the last
 * look-up that was answered, and opens only when that fails too. While it is open the same look-up tries the
 * catalog every second. Until something has been answered there is nothing to repeat, and the failures alone
 * decide.
 */
export function createCatalogBreaker() {
  let failures = 0;
  let probe: Probe | null = null;
  let probing = false;
  let condemned = false;

  const judge: IBreaker = {
    state: undefined,
    success: () => {
      failures = 0;
    },
    failure: (state) => {
      if (condemned || state === CircuitState.HalfOpen) return true;
      failures++;
      if (failures < DOUBT_AFTER) return false;
      if (probe === null) return true;
      if (!probing) void examine(probe);
      return false;
    },
  };
  const options: ICircuitBreakerOptions = { halfOpenAfter: HALF_OPEN_AFTER_MS, breaker: judge };
  const breaker = circuitBreaker(
    handleWhen((error) => !(error instanceof RequestFault)),
    options,
  );

  async function examine(repeat: Probe): Promise<void> {
    probing = true;
    await breaker
      .execute(async () => {
        try {
          await repeat();
        } catch (error) {
          condemned = true;
          throw error;
        }
      })
      .catch(() => undefined); // its failure has opened the breaker, which is all there is to do about it
    probing = false;
    condemned = false;
  }

  return {
    isOpen: () => breaker.state !== CircuitState.Closed,
    /**
     * Runs `work`, or rejects with a BrokenCircuitError. After
     * it, `repeat` is the look-up that tries the catalog.
     */
    execute: async <T>(work: () => Promise<T>, repeat: Probe): Promise<T> => {
      if (breaker.state !== CircuitState.Closed && probe !== null) await breaker.execute(probe);
      const result = await breaker.execute(work);
      probe = repeat;
      return result;
    },
  };
}

/** True when the catalog was not asked, because it keeps failing. */
export function isNotAsked(error: unknown): boolean {
  return error instanceof BrokenCircuitError;
}
