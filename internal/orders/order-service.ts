import { withOutcome } from "../platform/metrics/with-outcome.ts";
import { err, ok, type Result } from "../platform/result/result.ts";
import type { OrderError } from "./errors.ts";
import { type OrderMetrics, okOrReplayed } from "./metrics.ts";
import { type Order, type OrderStatus, transition } from "./order.ts";
import { eventOf } from "./order-events.ts";
import { NEWEST, type OrderStore, type RememberedRequest } from "./order-store.ts";
import type { ReachStore } from "./reach-store.ts";

/** A page of orders, and the ordinal below which the next begins; null on the last. */
export interface OrderPage {
  readonly orders: readonly Order[];
  readonly before: number | null;
}

/** What is asked of an order: to be in another status. */
export interface TransitionRequest {
  readonly id: string;
  readonly to: OrderStatus;
  /** Whose order it must be; null for a service, which may change everybody's. */
  readonly owner: string | null;
  readonly request: RememberedRequest | null;
  readonly traceparent: string | null;
}

export interface Transitioned {
  /** As it is now. */
  readonly order: Order;
  /** True when an earlier request with the same key has done it. */
  readonly replayed: boolean;
}

export interface OrderService {
  one(owner: string, id: string): Promise<Result<Order, OrderError>>;
  /** Newest first; from below the ordinal `before`, or from the newest on. */
  page(owner: string, before: number | null, limit: number): Promise<Result<OrderPage, OrderError>>;
  /**
   * A repeat with the same Idempotency-Key changes nothing; without a key it fails with ORDER_STATE. Rejects
   * when others came first four times, which is more transitions than an order has.
   */
  transition(asked: TransitionRequest): Promise<Result<Transitioned, OrderError>>;
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

  /** One attempt; null when another transition came first. */
  async function attempt(asked: TransitionRequest): Promise<Result<Transitioned | null, OrderError>> {
    // Before the request is looked for: who sees the request's transition finds the request too.
    const found = await find(asked.owner, asked.id);
    if (!found.ok) return found;
    const replayed = await isRepeat(asked.request);
    if (!replayed.ok) return replayed;
    if (replayed.value) {
      // The request may have been done between the two reads.
      const now = await find(asked.owner, asked.id);
      return now.ok ? ok({ order: now.value, replayed: true }) : now;
    }
    const result = transition(found.value, asked.to);
    if (!result.ok) return result;
    const next = result.value;
    const partition = partitionOf(next.owner);
    const event = eventOf(next, { partition, traceparent: asked.traceparent, at: Date.now() });
    const advanced = await reach(() => store.advance(next, asked.request, event));
    if (!advanced.ok) return advanced;
    if (!advanced.value) return ok(null);
    notify(partition);
    return ok({ order: next, replayed: false });
  }

  async function attemptTransition(asked: TransitionRequest): Promise<Result<Transitioned, OrderError>> {
    for (let attempts = 0; attempts < ATTEMPTS; attempts++) {
      const done = await attempt(asked);
      if (!done.ok) return done;
      if (done.value !== null) return ok(done.value);
    }
    throw new Error(`the order ${asked.id} changed ${ATTEMPTS} times while it was to become ${asked.to}`);
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
    transition: (asked) =>
      withOutcome(
        () => attemptTransition(asked),
        (result) => metrics.transitions.inc({ to: asked.to, result }),
        okOrReplayed,
      ),
  };
}
