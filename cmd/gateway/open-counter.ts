import { createRedisCounter } from "../../internal/gateway/limits/rate-limit.redis.ts";
import type { Quotas, WindowCounter } from "../../internal/gateway/limits/rate-limit.ts";
import { createMemoryCounter } from "../../internal/gateway/limits/rate-limit-memory.ts";
import { createSharedCounter } from "../../internal/gateway/limits/rate-limit-shared.ts";
import { closeRedis, connectRedis } from "../../internal/platform/redis/redis.ts";
import type { Service } from "../../internal/platform/service/service.ts";
import type { Config } from "./config.ts";

/** Where requests are counted: with the other gateways, in Redis; where there are no quotas nothing asks. */
export function openCounter(config: Config, quotas: Quotas, service: Service): WindowCounter {
  const { log, registry, lifecycle } = service;
  const local = createMemoryCounter(quotas);
  if (Object.keys(quotas).length === 0) return local;
  const address = { ...config.REDIS_URL, ca: config.REDIS_CA_FILE };
  const redis = connectRedis(address, { log, commandTimeoutMs: config.RATE_LIMIT_TIMEOUT_MS });
  lifecycle.onStop("redis", () => closeRedis(redis));
  const shared = createRedisCounter(redis, quotas);
  return createSharedCounter({ shared, local, whenAway: config.RATE_LIMIT_WITHOUT_REDIS, registry, log });
}
