import { createMerge, type MergeOrders } from "../../internal/cart/merge/merge.ts";
import { createCartMetrics, createMergedCounter } from "../../internal/cart/metrics.ts";
import { createCartService } from "../../internal/cart/service.ts";
import type { ShowCart } from "../../internal/cart/show.ts";
import type { Service } from "../../internal/platform/service/service.ts";
import type { openAdapters } from "./adapters.ts";
import type { Config } from "./config.ts";

/** What can be done with carts, on what the service stands on. */
export function openCarts(
  config: Config,
  { registry }: Service,
  { store, merges, limits, life, catalog, forwarder: outbox }: ReturnType<typeof openAdapters>,
  { show, orders }: { show: ShowCart; orders: MergeOrders },
) {
  const metrics = createCartMetrics(registry, config.CART_TTL_SECONDS);
  const common = { catalog, show, outbox, metrics };
  return {
    service: createCartService({ ...common, store }),
    merge: createMerge({
      ...common,
      store: merges,
      carts: store,
      orders,
      merged: createMergedCounter(registry),
      terms: { ...limits, ...life },
    }),
  };
}
