import { err, ok, type Result } from "../platform/result/result.ts";
import type { OrderError } from "./errors.ts";
import type { OrderMetrics } from "./metrics.ts";
import { type Order, type OrderStatus, transition } from "./order.ts";
import { eventOf } from "./order-events.ts";
import { NEWEST, type OrderStore, type RememberedRequest } from "./order-store.ts";
import type { ReachStore } from "./reach-store.ts";

/** A page of orders, and the ordinal below which the next begins; null on the last. */
export interface OrderPage {
  readonly orders: readonly Order[];
  readonly before: number | null;
}

/** A wish to move an order on. */
export interface Move {
  readonly id: string;
  readonly to: OrderStatus;
  /** Whose order it must be; null for a service, which may move everybody's. */
  readonly owner: string | null;
  readonly request: RememberedRequest | null;
  readonly traceparent: string | null;
}

export interface Moved {
  /** As it is now. */
  readonly order: Order;
  /** True when an earlier request with the same key has done it. */
  readonly replayed: boolean;
}

export interface OrderService {
  one(owner: string, id: string): Promise<Result<Order, OrderError>>;
  /** Newest first; from below the ordinal `before`, or from the newest on. */
  page(owner: string, before: number | null, limit: number): Promise<Result<OrderPage, OrderError>>;
  move(move: Move): Promise<Result<Moved, OrderError>>;
}

/** Tells whoever publishes that a partition has news; a hint and no more. */
export type NotifyPartition = (partition: number) => void;

const NOT_FOUND = { code: "ORDER_NOT_FOUND" } as const;

/** How often a transition is tried anew when another one came first; each of them leaves fewer. */
const ATTEMPTS = 4;

/** What becomes of an order once it is placed. */
export function createOrderService(options: {
  store: OrderStore;
  reach: ReachStore;
  /** The outbox partition of an owner's events. */
  partitionOf: (owner: string) => number;
  notify: NotifyPartition;
  metrics: OrderMetrics;
}): OrderService {
  const { store, reach, partitionOf, notify, metrics } = options;

  async function find(owner: string | null, id: string): Promise<Result<Order, OrderError>> {
    const found = await reach(() => store.byId(id));
    if (!found.ok) return found;
    const order = found.value;
    return order === null || (owner !== null && order.owner !== owner) ? err(NOT_FOUND) : ok(order);
  }

  /** Whether the request was done before. */
  async function isRepeat(request: RememberedRequest | null): Promise<Result<boolean, OrderError>> {
    if (request === null) return ok(false);
    const known = await reach(() => store.request(request.id));
    if (!known.ok || known.value === null) return known.ok ? ok(false) : known;
    return known.value.hash === request.hash ? ok(true) : err({ code: "IDEMPOTENCY_KEY_REUSED" });
  }

  /** One attempt; null when the order has moved meanwhile. */
  async function attempt(wish: Move): Promise<Result<Moved | null, OrderError>> {
    // Before the request is looked for: who sees an order that the request has moved finds the request too.
    const found = await find(wish.owner, wish.id);
    if (!found.ok) return found;
    const replayed = await isRepeat(wish.request);
    if (!replayed.ok) return replayed;
    if (replayed.value) {
      // The request may have been done between the two reads.
      const now = await find(wish.owner, wish.id);
      return now.ok ? ok({ order: now.value, replayed: true }) : now;
    }
    const next = transition(found.value, wish.to);
    if ("code" in next) return err(next);
    const partition = partitionOf(next.owner);
    const event = eventOf(next, { partition, traceparent: wish.traceparent, at: Date.now() });
    const advanced = await reach(() => store.advance(next, wish.request, event));
    if (!advanced.ok) return advanced;
    if (!advanced.value) return ok(null);
    notify(partition);
    return ok({ order: next, replayed: false });
  }

  async function move(wish: Move): Promise<Result<Moved, OrderError>> {
    for (let attempts = 0; attempts < ATTEMPTS; attempts++) {
      const moved = await attempt(wish);
      if (!moved.ok) return moved;
      if (moved.value !== null) return ok(moved.value);
    }
    throw new Error(`the order ${wish.id} moved on ${ATTEMPTS} times while it was to become ${wish.to}`);
  }

  return {
    one: find,
    page: async (owner, before, limit) => {
      // One more tells whether there is a next page.
      const found = await reach(() => store.page(owner, before ?? NEWEST, limit + 1));
      if (!found.ok) return found;
      const orders = found.value.slice(0, limit);
      return ok({ orders, before: found.value.length > limit ? orders.at(-1)!.ordinal : null });
    },
    move: async (wish) => {
      const result = await move(wish);
      const outcome = !result.ok
        ? result.error.code.toLowerCase()
        : result.value.replayed
          ? "replayed"
          : "ok";
      metrics.transitions.inc({ to: wish.to, result: outcome });
      return result;
    },
  };
}
