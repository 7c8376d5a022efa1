import { createBodyMemory } from "../../internal/gateway/edge/body-memory.ts";
import { GATEWAY_PROBLEMS } from "../../internal/gateway/problems.ts";
import { gatewayRoutes } from "../../internal/gateway/routes.ts";
import { createApp } from "../../internal/platform/http/app.ts";
import { createInternalTokenSigner } from "../../internal/platform/identity/internal-token.ts";
import { startService } from "../../internal/platform/service/service.ts";
import { openAdapters } from "./adapters.ts";
import { readConfig } from "./config.ts";
import { PUBLIC_API } from "./public-api.ts";

const config = readConfig();
const service = await startService("gateway", config);
const { log, registry } = service;
const { upstreams, verify, limit, sessions, internalKeys, bounds } = await openAdapters(config, service);
const app = createApp({
  log,
  registry,
  problems: GATEWAY_PROBLEMS,
  routes: (app) =>
    gatewayRoutes(app, {
      sessions,
      signer: createInternalTokenSigner({
        keys: internalKeys,
        audience: "cartwright-cart",
        entries: config.TOKEN_CACHE_ENTRIES,
      }),
      document: PUBLIC_API,
      verify,
      upstreams,
      bodyLimitBytes: config.BODY_LIMIT_BYTES,
      bodyTimeoutMs: config.BODY_TIMEOUT_MS,
      bodyMemory: createBodyMemory(config.BODIES_TOTAL_BYTES, registry),
      limit,
      trustedProxies: config.TRUSTED_PROXIES,
      corsOrigins: config.CORS_ORIGINS,
      hstsSeconds: config.HSTS_SECONDS,
      log,
    }),
});
await service.serve(app, config.PORT, bounds);
