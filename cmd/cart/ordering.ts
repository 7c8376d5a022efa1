import type { CartView } from "../../internal/cart/cart.ts";
import { createRedisCheckoutStore } from "../../internal/cart/checkout/checkout-store.redis.ts";
import { createOrderedCarts } from "../../internal/cart/checkout/ordered-carts.ts";
import type { MergeOrders } from "../../internal/cart/merge/merge.ts";
import type { ShowCart } from "../../internal/cart/show.ts";
import { type CheckoutCarts, createCheckout } from "../../internal/orders/checkout.ts";
import { createDecideOrders, createSettleOwner } from "../../internal/orders/latest-order.ts";
import { createOrderMetrics, createPlacedMetrics } from "../../internal/orders/metrics.ts";
import { openOrderStore } from "../../internal/orders/open-store.ts";
import { createOrderService } from "../../internal/orders/order-service.ts";
import { createReachStore } from "../../internal/orders/reach-store.ts";
import { createSettle } from "../../internal/orders/settler.ts";
import { createRedisCommitNotifier } from "../../internal/outbox/commit-notifier.redis.ts";
import { shardOf } from "../../internal/platform/identity/shard-of.ts";
import type { Service } from "../../internal/platform/service/service.ts";
import { orderedLines } from "../ordered-lines.ts";
import type { openAdapters } from "./adapters.ts";
import type { Config } from "./config.ts";

/** Checkout and orders, on what the cart service stands on; and what merges ask of them. */
export function openOrdering(
  config: Config,
  { log, registry }: Service,
  adapters: ReturnType<typeof openAdapters>,
  show: ShowCart,
) {
  const { redis, database, outbox, catalog, forwarder } = adapters;
  const shards = config.CART_SHARDS;
  const store = createRedisCheckoutStore({ redis, shards, log });
  const ordered = createOrderedCarts({ store, show, outbox: forwarder });
  const carts: CheckoutCarts<CartView> = {
    claim: (owner, token, { id, hash }) => ordered.claim(owner, { token, key: id, request: hash }),
    release: async (owner, token, end) => void (await ordered.release(owner, token, end)),
    reduce: (order, traceparent, token) =>
      ordered.reduce(order.owner, orderedLines(order), traceparent, token),
  };
  const notifier = createRedisCommitNotifier(redis, log);
  const orders = openOrderStore(database, outbox.append);
  const currency = config.CART_CURRENCY;
  const settle = createSettle(orders, createPlacedMetrics(registry, currency));
  const common = {
    store: orders,
    reach: createReachStore({ timeoutMs: config.ORDER_STORE_TIMEOUT_MS, log }),
    partitionOf: (owner: string) => shardOf(owner, shards),
    notify: (partition: number) => notifier.notify([partition]),
    metrics: createOrderMetrics(registry),
  };
  const ofCarts = { ...common, carts, settle };
  const [decide, settleOwner] = [createDecideOrders(ofCarts), createSettleOwner(ofCarts)];
  const mergeOrders: MergeOrders = {
    decide: async (guest) => (await decide(guest)).ok,
    settle: async (user) => (await settleOwner(user)).ok,
  };
  return {
    mergeOrders,
    checkout: createCheckout({ ...ofCarts, products: catalog.afresh, currency, log }),
    service: createOrderService(common),
  };
}
