import { cartSchema } from "../../internal/cart/cart-schema.ts";
import { createCartMetrics } from "../../internal/cart/metrics.ts";
import { CART_PROBLEMS } from "../../internal/cart/problem-codes.ts";
import { cartRoutes } from "../../internal/cart/routes.ts";
import { createCartService } from "../../internal/cart/service.ts";
import { createShowCart } from "../../internal/cart/show.ts";
import { ORDER_PROBLEMS } from "../../internal/orders/problem-codes.ts";
import { orderRoutes } from "../../internal/orders/routes.ts";
import { createApp } from "../../internal/platform/http/app.ts";
import { createInternalTokenVerifier } from "../../internal/platform/identity/internal-token.ts";
import { openKeyRing } from "../../internal/platform/identity/open-key-ring.ts";
import { mergeCatalogues } from "../../internal/platform/problem/catalogue.ts";
import type { Service } from "../../internal/platform/service/service.ts";
import type { openAdapters } from "./adapters.ts";
import type { Config } from "./config.ts";
import { openOrdering } from "./ordering.ts";

/** What the process serves: carts, and the orders that are made of them. */
export function cartApp(config: Config, process: Service, adapters: ReturnType<typeof openAdapters>) {
  const { log, registry } = process;
  const { store, catalog, forwarder } = adapters;
  const show = createShowCart(catalog, config.CART_CURRENCY);
  const metrics = createCartMetrics(registry, config.CART_TTL_SECONDS);
  const service = createCartService({ store, catalog, outbox: forwarder, show, metrics });
  const ordering = openOrdering(config, process, adapters, show);
  const keys = openKeyRing("INTERNAL_TOKEN", config, process);
  const identity = createInternalTokenVerifier({ keys, audience: "cartwright-cart" });
  return createApp({
    log,
    registry,
    problems: mergeCatalogues([CART_PROBLEMS, ORDER_PROBLEMS]),
    routes: (app) => {
      cartRoutes(app, service, identity);
      orderRoutes(app, { ...ordering, identity, cart: cartSchema });
    },
  });
}
