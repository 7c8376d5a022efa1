import { createRedisSessions } from "../../internal/gateway/sessions/session-store.redis.ts";
import { createSessions } from "../../internal/gateway/sessions/sessions.ts";
import type { KeyRing } from "../../internal/platform/identity/key-ring.ts";
import { awaitRedis, closeRedis, connectRedis } from "../../internal/platform/redis/redis.ts";
import type { Service } from "../../internal/platform/service/service.ts";
import type { Config } from "./config.ts";

/** How long (ms) the start waits for Redis; a gateway without it still serves who has an access token. */
const PATIENCE_MS = 5_000;

/** Guests' sessions, kept in Redis for all gateways. */
export async function openSessions(config: Config, keys: KeyRing, { log, registry, lifecycle }: Service) {
  const address = { ...config.REDIS_URL, ca: config.REDIS_CA_FILE };
  const redis = connectRedis(address, { log, commandTimeoutMs: config.REDIS_TIMEOUT_MS });
  lifecycle.onStop("sessions", () => closeRedis(redis));
  await awaitRedis(redis, PATIENCE_MS).catch((err) => log.warn({ err }, "starting without sessions"));
  return createSessions({
    store: createRedisSessions(redis),
    keys,
    accessSeconds: config.ACCESS_TOKEN_TTL_SECONDS,
    lifetimeSeconds: config.REFRESH_TOKEN_TTL_SECONDS,
    graceSeconds: config.REFRESH_TOKEN_GRACE_SECONDS,
    registry,
    log,
  });
}
