import { ConsecutiveBreaker, circuitBreaker, handleAll } from "cockatiel";
import type { Logger } from "../../platform/logger/logger.ts";
import { createOutageLog } from "../../platform/logger/outage-log.ts";
import { Counter, Gauge, type Registry } from "../../platform/metrics/metrics.ts";
import type { WindowCounter } from "./rate-limit.ts";

/** After so many failures in a row the shared counter is left alone, and tried once in so many ms. */
const FAILURES = 3;
const TRY_AGAIN_MS = 1_000;

/**
 * Counts by `shared`. While that fails, `fail-open` counts by `local`, so that each gateway
 * lets the whole quota through, and `fail-closed` rejects. Each turn is logged once.
 */
export function createSharedCounter(options: {
  shared: WindowCounter;
  local: WindowCounter;
  whenAway: "fail-open" | "fail-closed";
  registry: Registry;
  log: Logger;
}): WindowCounter {
  const { shared, local, whenAway, log } = options;
  const unshared = new Counter({
    name: "gateway_rate_limit_unshared_total",
    help: "Requests whose quota was not counted with the other gateways', because Redis did not answer",
    registers: [options.registry],
  });
  const breaker = circuitBreaker(handleAll, {
    halfOpenAfter: TRY_AGAIN_MS,
    breaker: new ConsecutiveBreaker(FAILURES),
  });
  const outage = createOutageLog(log, {
    began: "rate limits are not shared",
    ended: "rate limits are shared again",
  });
  new Gauge({
    name: "gateway_rate_limits_shared",
    help: "1 while requests are counted with the other gateways', 0 since Redis did not answer",
    registers: [options.registry],
    collect() {
      this.set(outage.lasts ? 0 : 1);
    },
  });
  breaker.onFailure(({ reason }) => outage.met({ err: "error" in reason ? reason.error : reason, whenAway }));
  breaker.onSuccess(() => outage.over());
  return {
    count: async (limitClass, who) => {
      try {
        return await breaker.execute(() => shared.count(limitClass, who));
      } catch (error) {
        unshared.inc();
        if (whenAway === "fail-closed") throw error;
        return local.count(limitClass, who);
      }
    },
  };
}
