import { randomUUID } from "node:crypto";
import { isPast } from "../platform/http/deadline.ts";
import type { Logger } from "../platform/logger/logger.ts";
import { withOutcome } from "../platform/metrics/with-outcome.ts";
import { err, ok, type Result } from "../platform/result/result.ts";
import { newId } from "../platform/uuid/new-id.ts";
import type { CartLine, ConsentLine, Product } from "./consent.ts";
import { orderLines } from "./consent.ts";
import type { CartsError, CheckoutError, ConsentError, ProductsError } from "./errors.ts";
import { createSettleLatest } from "./latest-order.ts";
import { type OrderMetrics, okOrReplayed } from "./metrics.ts";
import { type Order, totalOf } from "./order.ts";
import { eventOf } from "./order-events.ts";
import type { NotifyPartition } from "./order-service.ts";
import type { CheckoutBasis, OrderStore, RememberedRequest } from "./order-store.ts";
import type { ReachStore } from "./reach-store.ts";
import { createSettler, type Settle } from "./settler.ts";

/** A cart as it was read; `cartId` is null when it is empty. */
export interface CartContents {
  readonly cartId: string | null;
  readonly version: number;
  readonly items: readonly CartLine[];
}

/** The carts as a checkout needs them; `View` is a cart as clients see it. */
export interface CheckoutCarts<View> {
  /**
   * Reads the owner's cart, and claims its checkout for `token`: until it is released, or some seconds later,
   * others are refused with CHECKOUT_IN_PROGRESS, and with IDEMPOTENCY_KEY_REUSED when they come with the
   * key of `request` and another body. Its purpose is that no merge takes the cart during a checkout; that a
   * cart is ordered once is ensured by the owner's ordinal.
   */
  claim(owner: string, token: string, request: RememberedRequest): Promise<Result<CartContents, CartsError>>;
  /**
   * Ends a claim; one that is not `token`'s stays. After `unknown` no merge takes the cart until it is
   * decided what came of the checkout. Never rejects.
   */
  release(owner: string, token: string, end: "nothing" | "unknown"): Promise<void>;
  /**
   * Takes what the order holds out of the cart that it was made from, once, however often it is called and by
   * whatever process; what came into the cart since then stays. Ends the claim of `token` with it. Resolves
   * with the cart as it is then.
   */
  reduce(order: Order, traceparent: string | null, token?: string): Promise<Result<View, CartsError>>;
}

/** What the catalog says now, never from memory; what it does not sell is absent. */
export type AskProducts = (
  ids: readonly string[],
  owner: string,
) => Promise<Result<ReadonlyMap<string, Product>, ProductsError>>;

/** A request to check out. */
export interface CheckoutRequest {
  readonly owner: string;
  readonly consent: readonly ConsentLine[];
  readonly request: RememberedRequest;
  readonly traceparent: string | null;
  /** When whoever asks gives up, in ms since 1970; what is not ordered by then is not. */
  readonly deadline?: number | null;
}

export interface CheckedOut<View> {
  readonly order: Order;
  /** `pending` when the cart could not be reduced yet; it will be. */
  readonly cart: View | "pending";
  readonly replayed: boolean;
}

export type Checkout<View> = (request: CheckoutRequest) => Promise<Result<CheckedOut<View>, CheckoutError>>;

/** How often a checkout begins anew because another one of the same owner came first. */
const ATTEMPTS = 3;

/**
 * Makes an order of a cart: claims and reads the cart, asks the catalog, compares with what the shopper
 * agreed to, writes the order with its event in one transaction, and then reduces the cart. An owner's
 * checkouts go one after the other: an order takes the ordinal after the one that was the latest before the
 * cart was read, and that one's cart is reduced by then, so no piece of a cart is ordered twice. Whoever dies
 * between the order and the cart leaves the latter to the next checkout, or to the sweep.
 */
export function createCheckout<View>(options: {
  store: OrderStore;
  reach: ReachStore;
  carts: CheckoutCarts<View>;
  products: AskProducts;
  currency: string;
  /** The outbox partition of an owner's events. */
  partitionOf: (owner: string) => number;
  notify: NotifyPartition;
  metrics: OrderMetrics;
  settle: Settle;
  log: Logger;
}): Checkout<View> {
  const { store, settle, reach, carts, products, currency, partitionOf, notify, metrics, log } = options;
  const settler = createSettler((ids) => reach(() => settle(ids)), log);
  const settleLatest = createSettleLatest({ carts, reach, settle });

  /** What the request led to before; null when it is new. */
  async function replay(
    { earlier }: CheckoutBasis,
    { request, traceparent }: CheckoutRequest,
  ): Promise<Result<CheckedOut<View> | null, CheckoutError>> {
    if (earlier === null) return ok(null);
    if (earlier.hash !== request.hash) return err({ code: "IDEMPOTENCY_KEY_REUSED" });
    const order = await reach(() => store.byId(earlier.orderId));
    if (!order.ok) return order;
    if (order.value === null) throw new Error(`the order ${earlier.orderId} of a request is not there`);
    return ok({ order: order.value, cart: await reduced(order.value, traceparent), replayed: true });
  }

  /** Reduces the order's cart; who cannot leaves it to others. */
  async function reduced(
    order: Order,
    traceparent: string | null,
    token?: string,
  ): Promise<View | "pending"> {
    const cart = await carts.reduce(order, traceparent, token);
    if (!cart.ok) return "pending";
    settler.add(order.id);
    return cart.value;
  }

  async function composed(
    { owner, consent }: CheckoutRequest,
    cart: CartContents,
    ordinal: number,
  ): Promise<Result<Order, ProductsError | ConsentError>> {
    if (cart.cartId === null) return err({ code: "CART_EMPTY" });
    const known = await products(
      cart.items.map(({ productId }) => productId),
      owner,
    );
    if (!known.ok) return known;
    const lines = orderLines(cart.items, consent, known.value);
    if (!lines.ok) return lines;
    const total = totalOf(lines.value, currency);
    if (total === null) return err({ code: "ORDER_TOO_LARGE" });
    return ok({
      id: newId(),
      owner,
      ordinal,
      status: "placed",
      version: 1,
      placedAt: Date.now(),
      lines: lines.value,
      total,
      cart: { cartId: cart.cartId, version: cart.version },
    });
  }

  /** Places the order of a cart that was claimed; null when another checkout of the owner came first. */
  async function placed(
    asked: CheckoutRequest,
    cart: CartContents,
    ordinal: number,
  ): Promise<Result<Order | null, CheckoutError>> {
    const order = await composed(asked, cart, ordinal);
    if (!order.ok) return order;
    const { owner, request, traceparent, deadline } = asked;
    if (isPast(deadline)) return err({ code: "DEADLINE_PASSED" });
    const partition = partitionOf(owner);
    const event = eventOf(order.value, { partition, traceparent, at: order.value.placedAt });
    const written = await reach(() => store.place(order.value, request, event));
    if (!written.ok) return written;
    if (!written.value) return ok(null);
    notify(partition);
    return order;
  }

  async function attempt(asked: CheckoutRequest): Promise<Result<CheckedOut<View> | null, CheckoutError>> {
    const { owner, request, traceparent } = asked;
    const basis = await reach(() => store.checkoutBasis(owner, request.id));
    if (!basis.ok) return basis;
    const before = await replay(basis.value, asked);
    if (!before.ok || before.value !== null) return before;
    const settled = await settleLatest(basis.value);
    if (!settled.ok) return settled;
    const token = randomUUID();
    const cart = await carts.claim(owner, token, request);
    if (!cart.ok) return cart;
    let end: "nothing" | "unknown" | "reduced" = "unknown";
    try {
      const order = await placed(asked, cart.value, basis.value.ordinal + 1);
      if (order.ok ? order.value === null : order.error.code !== "ORDER_STORE_UNAVAILABLE") end = "nothing";
      if (!order.ok || order.value === null) return order.ok ? ok(null) : order;
      const left = await reduced(order.value, traceparent, token);
      if (left !== "pending") end = "reduced";
      return ok({ order: order.value, cart: left, replayed: false });
    } finally {
      if (end !== "reduced") await carts.release(owner, token, end);
    }
  }

  async function checkout(asked: CheckoutRequest): Promise<Result<CheckedOut<View>, CheckoutError>> {
    for (let attempts = 0; attempts < ATTEMPTS; attempts++) {
      const result = await attempt(asked);
      if (!result.ok) return result;
      if (result.value !== null) return ok(result.value);
    }
    return err({ code: "CHECKOUT_IN_PROGRESS" });
  }

  return (asked) =>
    withOutcome(
      () => checkout(asked),
      (result, seconds) => {
        metrics.durations.observe(seconds);
        metrics.checkouts.inc({ result });
      },
      okOrReplayed,
    );
}
