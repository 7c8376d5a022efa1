import { createRedisCheckoutStore } from "../../internal/cart/checkout/checkout-store.redis.ts";
import { createSettleOwner } from "../../internal/orders/latest-order.ts";
import {
  createPlacedMetrics,
  createSweptOrdersCounter,
  registerUnsettledOrders,
} from "../../internal/orders/metrics.ts";
import { openOrderStore } from "../../internal/orders/open-store.ts";
import type { Order } from "../../internal/orders/order.ts";
import { createReachStore } from "../../internal/orders/reach-store.ts";
import { createSettleSweep } from "../../internal/orders/settle-sweep.ts";
import { createSettle } from "../../internal/orders/settler.ts";
import type { Service } from "../../internal/platform/service/service.ts";
import { orderedLines } from "../ordered-lines.ts";
import type { openAdapters } from "./adapters.ts";
import type { Config } from "./config.ts";

/**
 * The sweep that reduces the carts of orders whose cart process did not come to it; and what the sweep of
 * merges asks of one user's latest order.
 */
export function openSettling(
  config: Config,
  { log, registry }: Service,
  { redis, database, store: outbox }: ReturnType<typeof openAdapters>,
) {
  const orders = openOrderStore(database, outbox.append);
  registerUnsettledOrders(registry, orders, config.SWEEP_AGE_MS);
  const carts = createRedisCheckoutStore({ redis, shards: config.CART_SHARDS, log });
  const reduce = (order: Order, traceparent: string | null) =>
    carts.reduce(order.owner, orderedLines(order), traceparent);
  const mark = createSettle(orders, createPlacedMetrics(registry, config.CART_CURRENCY));
  const settleOwner = createSettleOwner({
    store: orders,
    reach: createReachStore({ timeoutMs: config.OUTBOX_COMMIT_TIMEOUT_MS, log }),
    carts: { reduce },
    settle: mark,
  });
  const settle = createSettleSweep({
    store: orders,
    settle: mark,
    reduce: async (order) => {
      const reduced = await reduce(order, null);
      if (!reduced.ok) throw new Error(`the cart of order ${order.id}: ${reduced.error.code}`);
    },
    ageMs: config.SWEEP_AGE_MS,
    swept: createSweptOrdersCounter(registry),
    log,
  });
  return { orders, settle, settleOwner: async (user: string) => (await settleOwner(user)).ok };
}
