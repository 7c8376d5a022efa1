import { createRedisCheckoutStore } from "../../internal/cart/checkout/checkout-store.redis.ts";
import {
  createPlacedMetrics,
  createSweptOrdersCounter,
  registerUnsettledOrders,
} from "../../internal/orders/metrics.ts";
import { openOrderStore } from "../../internal/orders/open-store.ts";
import { createSettleSweep } from "../../internal/orders/settle-sweep.ts";
import { createSettle } from "../../internal/orders/settler.ts";
import type { Service } from "../../internal/platform/service/service.ts";
import { orderedLines } from "../ordered-lines.ts";
import type { openAdapters } from "./adapters.ts";
import type { Config } from "./config.ts";

/** The sweep that reduces the carts of orders whose cart process did not come to it. */
export function openSettling(
  config: Config,
  { log, registry }: Service,
  { redis, database, store: outbox }: ReturnType<typeof openAdapters>,
) {
  const orders = openOrderStore(database, outbox.append);
  registerUnsettledOrders(registry, orders, config.SWEEP_AGE_MS);
  const carts = createRedisCheckoutStore({ redis, shards: config.CART_SHARDS, log });
  const settle = createSettleSweep({
    store: orders,
    settle: createSettle(orders, createPlacedMetrics(registry, config.CART_CURRENCY)),
    reduce: async (order) => {
      const reduced = await carts.reduce(order.owner, orderedLines(order), null);
      if (!reduced.ok) throw new Error(`the cart of order ${order.id}: ${reduced.error.code}`);
    },
    ageMs: config.SWEEP_AGE_MS,
    swept: createSweptOrdersCounter(registry),
    log,
  });
  return { orders, settle };
}
