import { BulkheadRejectedError, bulkhead, TaskCancelledError } from "cockatiel";
import { createDictionary } from "../../platform/memory/dictionary.ts";

/** Look-ups of one owner under way at a time, and how many more may wait. */
const OWNER_AT_A_TIME = 4;
const OWNER_WAITING = 256;

/**
 * Look-ups of products never seen under way at a time: half of
 * the connections, so that known products keep theirs.
 */
const UNSEEN_AT_A_TIME = 16;
const UNSEEN_WAITING = 1_000;

type Bulkhead = ReturnType<typeof bulkhead>;

/**
 * Bounds who may hold connections to the catalog. Who has
 * waited for `timeoutMs` is refused when the turn comes.
 */
export function createLookupBulkheads(timeoutMs: number) {
  const unseen = bulkhead(UNSEEN_AT_A_TIME, UNSEEN_WAITING);
  const owners = createDictionary<{ limit: Bulkhead; users: number }>();

  function within<T>(limit: Bulkhead, work: () => Promise<T>): Promise<T> {
    const since = performance.now();
    // Not cockatiel's signal: when it cancels a waiting item, the next one does not get the turn.
    return limit.execute(() => {
      if (performance.now() - since > timeoutMs) throw new TaskCancelledError();
      return work();
    });
  }

  return {
    /** Runs `work` in its owner's turn; rejects with what {@link isCrowded} knows when there is none. */
    ofOwner: async <T>(owner: string, work: () => Promise<T>): Promise<T> => {
      const entry = owners.get(owner) ?? { limit: bulkhead(OWNER_AT_A_TIME, OWNER_WAITING), users: 0 };
      if (entry.users++ === 0) owners.set(owner, entry);
      try {
        return await within(entry.limit, work);
      } finally {
        if (--entry.users === 0) owners.delete(owner);
      }
    },
    /** Runs the look-up of a product that this process has never seen. */
    ofUnseen: <T>(work: () => Promise<T>): Promise<T> => within(unseen, work),
  };
}

/** True when a look-up got no turn: too many of them wait, or it has waited too long. */
export function isCrowded(error: unknown): boolean {
  return error instanceof BulkheadRejectedError || error instanceof TaskCancelledError;
}
