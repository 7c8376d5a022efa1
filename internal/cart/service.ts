import type { StagedEvent } from "../platform/event/event.ts";
import { byDeadline, isPast } from "../platform/http/deadline.ts";
import type { Counter, Histogram } from "../platform/metrics/metrics.ts";
import { withOutcome } from "../platform/metrics/with-outcome.ts";
import { err, ok, type Result } from "../platform/result/result.ts";
import type { CartError, CartView, OutboxState } from "./cart.ts";
import type { Catalog } from "./catalog/catalog.ts";
import { OPERATIONS } from "./operations/all.ts";
import type { ShowCart } from "./show.ts";
import type { Applied, CartStore, Change, Preconditions, RequestedChange } from "./store/store.ts";

/** What a change led to: the cart as it is shown, and how far its event has come. */
export interface Outcome {
  readonly cart: CartView;
  /** `committed` also when there was nothing to change, and so no event to wait for. */
  readonly outboxState: OutboxState;
  readonly replayed: boolean;
}

/**
 * The way of a staged event into SQL; the forwarder in
 * production. Resolves within its own bound, never rejects.
 */
export interface OutboxCommit {
  committed(staged: StagedEvent): Promise<OutboxState>;
}

export interface CartMetrics {
  readonly operations: Counter<"operation" | "result">;
  readonly durations: Histogram<"operation">;
  readonly expired: Counter<"reason">;
}

export interface CartService {
  view(owner: string): Promise<Result<CartView, CartError>>;
  change(
    owner: string,
    change: RequestedChange,
    preconditions: Preconditions,
  ): Promise<Result<Outcome, CartError>>;
}

const TOO_LATE = err({ code: "DEADLINE_PASSED" } as const);

/**
 * The cart's rules: the catalog is asked before the store is touched; the store decides atomically; the
 * answer waits, within a bound, for the event's commit. What has no time left after the catalog was asked is
 * not begun. A repeat of a remembered request is answered before the catalog is asked, so it gets its first
 * outcome even when the product is gone since.
 */
export function createCartService(options: {
  store: CartStore;
  catalog: Catalog;
  outbox: OutboxCommit;
  show: ShowCart;
  metrics: CartMetrics;
}): CartService {
  const { store, catalog, outbox, show, metrics } = options;

  async function apply(
    owner: string,
    change: RequestedChange,
    preconditions: Preconditions,
  ): Promise<Result<Applied, CartError>> {
    if (preconditions.idempotencyKey !== null) {
      const earlier = await store.recall(owner, change, preconditions.idempotencyKey);
      if (!earlier.ok) return earlier;
      if (earlier.value !== null) return ok(earlier.value);
    }
    const { deadline } = preconditions;
    const checked = await byDeadline(deadline, check(owner, change), TOO_LATE);
    if (!checked.ok) return checked;
    return isPast(deadline) ? TOO_LATE : store.apply(owner, checked.value, preconditions);
  }

  async function check(owner: string, change: RequestedChange): Promise<Result<Change, CartError>> {
    const { productId, quantity = 0 } = change;
    const operation = OPERATIONS.find(({ name }) => name === change.op);
    if (productId === undefined || !operation?.asksCatalog?.(change)) return ok(change);
    const product = await catalog.product(productId, owner);
    if (!product.ok) return product;
    const { stock } = product.value;
    return stock < quantity ? err({ code: "OUT_OF_STOCK", stock, held: 0 }) : ok({ ...change, stock });
  }

  const measured = createMeasure(metrics);

  return {
    view: (owner) =>
      measured("view", async () => {
        const state = await store.read(owner);
        return state.ok ? ok(await show(state.value)) : state;
      }),
    change: (owner, change, preconditions) =>
      measured(change.op, async () => {
        const applied = await apply(owner, change, preconditions);
        if (!applied.ok) return applied;
        const { state, staged, replayed, expired } = applied.value;
        if (expired) metrics.expired.inc({ reason: expired });
        const [cart, outboxState] = await Promise.all([
          show(state),
          staged === null
            ? ("committed" as const)
            : byDeadline(preconditions.deadline, outbox.committed(staged), "staged" as const),
        ]);
        return ok({ cart, outboxState, replayed });
      }),
  };
}

/** Runs operations and counts each, with its duration and what came of it. */
export function createMeasure(metrics: Pick<CartMetrics, "operations" | "durations">) {
  return <T, E extends { readonly code: string }>(
    operation: string,
    work: () => Promise<Result<T, E>>,
  ): Promise<Result<T, E>> =>
    withOutcome(work, (result, seconds) => {
      metrics.durations.observe({ operation }, seconds);
      metrics.operations.inc({ operation, result });
    });
}
