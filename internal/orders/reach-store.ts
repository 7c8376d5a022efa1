import type { Logger } from "../platform/logger/logger.ts";
import { createOutageLog } from "../platform/logger/outage-log.ts";
import { err, ok, type Result } from "../platform/result/result.ts";
import { OrderStoreUnavailable } from "./order-store.ts";

/** Asks the order store; one that does not answer is an outcome. */
export type ReachStore = <T>(
  work: () => Promise<T>,
) => Promise<Result<T, { readonly code: "ORDER_STORE_UNAVAILABLE" }>>;

/**
 * Bounds every question to the store by `timeoutMs`: what was asked may still take effect after that. An
 * outage is logged when it begins and when it ends.
 */
export function createReachStore(options: { timeoutMs: number; log: Logger }): ReachStore {
  const { timeoutMs, log } = options;
  const outage = createOutageLog(log, {
    began: "the order store does not answer",
    ended: "the order store answers again",
  });

  return async (work) => {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      late.reject(new OrderStoreUnavailable(`the database did not answer within ${timeoutMs} ms`));
    }, timeoutMs);
    try {
      const value = await Promise.race([work(), late.promise]);
      outage.over();
      return ok(value);
    } catch (cause) {
      if (!(cause instanceof OrderStoreUnavailable)) throw cause;
      outage.met({ err: cause });
      return err({ code: "ORDER_STORE_UNAVAILABLE" });
    } finally {
      clearTimeout(timer);
    }
  };
}
