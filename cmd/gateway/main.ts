import { GATEWAY_PROBLEMS } from "../../internal/gateway/problems.ts";
import { createUpstream } from "../../internal/gateway/proxy.ts";
import { gatewayRoutes } from "../../internal/gateway/routes.ts";
import { rememberTokens } from "../../internal/gateway/token-cache.ts";
import { createGuestSessions, createTokenVerifier } from "../../internal/gateway/tokens.ts";
import { createApp } from "../../internal/platform/http/app.ts";
import { createInternalTokenSigner } from "../../internal/platform/identity/internal-token.ts";
import { startService } from "../../internal/platform/service/service.ts";
import { readConfig, userTokensOf } from "./config.ts";

const config = readConfig();
const { log, registry, lifecycle, serve } = await startService("gateway", config);

const timeoutMs = config.UPSTREAM_TIMEOUT_MS;
const secret = config.INTERNAL_TOKEN_SECRET;
const cart = createUpstream({ name: "/api/cart", target: config.CART_URL, timeoutMs, log });
const catalog = createUpstream({ name: "/api/catalog", target: config.CATALOG_URL, timeoutMs, log });
for (const upstream of [cart, catalog]) lifecycle.onStop("upstream connections", upstream.close);

const users = userTokensOf(config, log);
const verify = createTokenVerifier(config.SESSION_SECRET, users);
const app = createApp({
  log,
  registry,
  problems: GATEWAY_PROBLEMS,
  routes: (app) =>
    gatewayRoutes(app, {
      sessions: createGuestSessions(config.SESSION_SECRET, config.SESSION_TTL_SECONDS),
      verify: rememberTokens(verify, () => users?.keys.edition() ?? 0, registry),
      signer: createInternalTokenSigner({ secret, audience: "cartwright-cart" }),
      cart: cart.handler,
      catalog: catalog.handler,
      bodyLimitBytes: config.BODY_LIMIT_BYTES,
      bodyTimeoutMs: config.BODY_TIMEOUT_MS,
      perMinute: config.RATE_LIMIT_PER_MINUTE,
      registry,
      log,
    }),
});
await serve(app, config.PORT);
