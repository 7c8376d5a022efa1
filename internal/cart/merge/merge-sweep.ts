import { createFinishTransfer, type FinishParts } from "./finish-transfer.ts";
import type { MergeStore } from "./merge-store.ts";

/** Transfers of one shard that are finished in one sweep; more wait for the next. */
const BATCH = 100;

/**
 * One sweep over every shard: merges that nobody has come back to for `ageMs` are finished, with the
 * outcome that they would have had. Any number of sweepers may run. Rejects when Redis does not answer.
 */
export function createMergeSweep(
  options: FinishParts & { store: MergeStore; shards: number; ageMs: number },
): () => Promise<void> {
  const { store, shards, ageMs } = options;
  const finishTransfer = createFinishTransfer(options);
  return async () => {
    const before = (await store.now()) - ageMs;
    await Promise.all(
      Array.from({ length: shards }, async (_, shard) => {
        for (const guest of await store.waiting(shard, before, BATCH)) {
          const resumed = await store.resume(guest);
          // What cannot be finished was logged by the store, and waits for a later sweep.
          if (resumed.ok && resumed.value !== null) await finishTransfer(resumed.value);
        }
      }),
    );
  };
}
