import { createUpstream } from "../../internal/gateway/proxy.ts";
import { rememberTokens } from "../../internal/gateway/token-cache.ts";
import { createTokenVerifier } from "../../internal/gateway/tokens.ts";
import type { Service } from "../../internal/platform/service/service.ts";
import { type Config, userTokensOf } from "./config.ts";

/** Opens what the gateway stands on; everything closes with the process. */
export function openAdapters(config: Config, { log, registry, lifecycle }: Service) {
  const timeoutMs = config.UPSTREAM_TIMEOUT_MS;
  const cart = createUpstream({ name: "/api/cart", target: config.CART_URL, timeoutMs, log });
  const catalog = createUpstream({ name: "/api/catalog", target: config.CATALOG_URL, timeoutMs, log });
  for (const upstream of [cart, catalog]) lifecycle.onStop("upstream connections", upstream.close);

  const users = userTokensOf(config, log);
  const verify = createTokenVerifier(config.SESSION_SECRET, users);
  return {
    upstreams: { cart: cart.handler, catalog: catalog.handler },
    verify: rememberTokens(verify, () => users?.keys.edition() ?? 0, registry),
  };
}
