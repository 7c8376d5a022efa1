import type { OrderStore } from "./order-store.ts";

/** How long (ms) a request with an Idempotency-Key is remembered. */
const REQUEST_TTL_MS = 24 * 60 * 60 * 1000;
const AT_ONCE = 1_000;

/**
 * Forgets the requests of more than a day ago, 1,000 at a time, until there are no more or `stopping`; may be
 * called again, and by several at once. Rejects with OrderStoreUnavailable while the database is away; what
 * was forgotten by then stays so.
 */
export async function forgetOldRequests(
  store: Pick<OrderStore, "forgetRequests">,
  stopping: AbortSignal,
): Promise<void> {
  const before = Date.now() - REQUEST_TTL_MS;
  let forgotten: number;
  do forgotten = await store.forgetRequests(before, AT_ONCE);
  while (forgotten === AT_ONCE && !stopping.aborted);
}
