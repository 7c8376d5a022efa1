import { createCartMetrics } from "../../internal/cart/metrics.ts";
import { CART_PROBLEMS } from "../../internal/cart/problem-codes.ts";
import { cartRoutes } from "../../internal/cart/routes.ts";
import { createCartService } from "../../internal/cart/service.ts";
import { createShowCart } from "../../internal/cart/show.ts";
import { createApp } from "../../internal/platform/http/app.ts";
import { createInternalTokenVerifier } from "../../internal/platform/identity/internal-token.ts";
import { openKeyRing } from "../../internal/platform/identity/open-key-ring.ts";
import { startService } from "../../internal/platform/service/service.ts";
import { openAdapters } from "./adapters.ts";
import { readConfig } from "./config.ts";

const config = readConfig();
const cart = await startService("cart", config);
const { log, registry } = cart;

const { store, catalog, forwarder } = openAdapters(config, cart);
const show = createShowCart(catalog, config.CART_CURRENCY);
const service = createCartService({
  store,
  catalog,
  outbox: forwarder,
  show,
  metrics: createCartMetrics(registry, config.CART_TTL_SECONDS),
});
const identity = createInternalTokenVerifier({
  keys: openKeyRing("INTERNAL_TOKEN", config, cart),
  audience: "cartwright-cart",
});

const app = createApp({
  log,
  registry,
  problems: CART_PROBLEMS,
  routes: (app) => cartRoutes(app, service, identity),
});
await cart.serve(app, config.PORT);
