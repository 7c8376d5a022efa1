import type { UserTokens } from "../../internal/gateway/identity/tokens.ts";
import { openKeySet } from "../../internal/gateway/identity/user-keys.ts";
import type { Quotas } from "../../internal/gateway/limits/rate-limit.ts";
import type { ConnectionLimits } from "../../internal/platform/http/connection-limits.ts";
import type { Logger } from "../../internal/platform/logger/logger.ts";
import { networks } from "../../internal/platform/net/networks.ts";
import type { Config } from "./config.ts";

/** Whose tokens to take for users; null when only guests are served. */
export function userTokensOf(config: Config, log: Logger): UserTokens | null {
  const { JWT_JWKS: jwks, JWT_ISSUER: issuer, JWT_AUDIENCE: audience, JWT_ALGORITHMS: algorithms } = config;
  return jwks && issuer && audience && algorithms
    ? { keys: openKeySet(jwks, log), issuer, audience, algorithms }
    : null;
}

/** What each class of requests may send. */
export function quotasOf(config: Config): Quotas {
  const { RATE_LIMIT_OWNER: owner, RATE_LIMIT_ADDRESS: address, RATE_LIMIT_SESSION: session } = config;
  return { ...(owner && { owner }), ...(address && { address }), ...(session && { session }) };
}

/** How many connections there may be, and how long the headers of a request may take. */
export function boundsOf(config: Config) {
  const connections: ConnectionLimits = {
    total: config.CONNECTIONS_TOTAL,
    perAddress: config.CONNECTIONS_PER_ADDRESS,
    isExempt: networks(config.TRUSTED_PROXIES),
  };
  return { connections, headersMs: config.HEADERS_TIMEOUT_MS };
}
