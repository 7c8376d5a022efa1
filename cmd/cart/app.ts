import { cartSchema } from "../../internal/cart/cart-schema.ts";
import { mergeRoutes } from "../../internal/cart/merge/merge-routes.ts";
import { CART_PROBLEMS } from "../../internal/cart/problem-codes.ts";
import { cartRoutes } from "../../internal/cart/routes.ts";
import { createShowCart } from "../../internal/cart/show.ts";
import { ORDER_PROBLEMS } from "../../internal/orders/problem-codes.ts";
import { orderRoutes } from "../../internal/orders/routes.ts";
import { orderServiceRoutes } from "../../internal/orders/service-routes.ts";
import { createApp } from "../../internal/platform/http/app.ts";
import { refuseLate } from "../../internal/platform/http/deadline.ts";
import { createInternalTokenVerifier } from "../../internal/platform/identity/internal-token.ts";
import { openKeyRing } from "../../internal/platform/identity/open-key-ring.ts";
import { mergeCatalogues } from "../../internal/platform/problem/catalogue.ts";
import type { Service } from "../../internal/platform/service/service.ts";
import type { openAdapters } from "./adapters.ts";
import { openCarts } from "./carts.ts";
import type { Config } from "./config.ts";
import { CART_DOCUMENT } from "./openapi.ts";
import { openOrdering } from "./ordering.ts";

/** What the process serves: carts, and the orders that are made of them. */
export function cartApp(config: Config, cart: Service, adapters: ReturnType<typeof openAdapters>) {
  const { log, registry } = cart;
  const show = createShowCart(adapters.catalog, config.CART_CURRENCY);
  const { mergeOrders, ...ordering } = openOrdering(config, cart, adapters, show);
  const { service, merge } = openCarts(config, cart, adapters, { show, orders: mergeOrders });
  const keys = openKeyRing("INTERNAL_TOKEN", config, cart);
  const identity = createInternalTokenVerifier({
    keys,
    audience: "cartwright-cart",
    entries: config.TOKEN_CACHE_ENTRIES,
  });
  return createApp({
    log,
    registry,
    isBehindGateway: true,
    problems: mergeCatalogues([CART_PROBLEMS, ORDER_PROBLEMS]),
    routes: (app) => {
      app.use(refuseLate(registry));
      cartRoutes(app, service, identity, CART_DOCUMENT);
      mergeRoutes(app, merge, identity);
      orderRoutes(app, { ...ordering, identity, cart: cartSchema });
      orderServiceRoutes(app, { service: ordering.service, identity });
    },
  });
}
