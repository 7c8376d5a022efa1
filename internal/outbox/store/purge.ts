import type { DeadEvents, OutboxReader } from "./store.ts";

/** Rows deleted in one transaction: few enough that its locks are held briefly. */
const CHUNK = 1_000;

/**
 * Deletes events published more than `retentionMs` ago, chunk by
 * chunk, until none is left or `signal` aborts. Returns how many.
 */
export function purgePublished(
  store: Pick<OutboxReader, "purge">,
  retentionMs: number,
  signal: AbortSignal,
): Promise<number> {
  return inChunks((limit) => store.purge(retentionMs, limit), signal);
}

/** The same of events that died more than `retentionMs` ago: they were never published. */
export function purgeDead(
  store: Pick<DeadEvents, "purgeDead">,
  retentionMs: number,
  signal: AbortSignal,
): Promise<number> {
  return inChunks((limit) => store.purgeDead(retentionMs, limit), signal);
}

async function inChunks(purge: (limit: number) => Promise<number>, signal: AbortSignal): Promise<number> {
  let total = 0;
  while (!signal.aborted) {
    const purged = await purge(CHUNK);
    total += purged;
    if (purged < CHUNK) break;
  }
  return total;
}
