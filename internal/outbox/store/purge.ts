import type { OutboxReader } from "./store.ts";

/** Rows deleted in one transaction: few enough that its locks are held briefly. */
const CHUNK = 1_000;

/**
 * Deletes events published more than `retentionMs` ago, chunk by
 * chunk, until none is left or `signal` aborts. Returns how many.
 */
export async function purgePublished(
  store: Pick<OutboxReader, "purge">,
  retentionMs: number,
  signal: AbortSignal,
): Promise<number> {
  let total = 0;
  while (!signal.aborted) {
    const purged = await store.purge(retentionMs, CHUNK);
    total += purged;
    if (purged < CHUNK) break;
  }
  return total;
}
