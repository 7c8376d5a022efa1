import type { StagedEvent } from "../../platform/event/event.ts";
import { isPast } from "../../platform/http/deadline.ts";
import { err, ok, type Result } from "../../platform/result/result.ts";
import type { CartError, CartView, OutboxState } from "../cart.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { type CartMetrics, createMeasure, type OutboxCommit } from "../service.ts";
import type { ShowCart } from "../show.ts";
import type { CartStore } from "../store/store.ts";
import { createFinishTransfer, type MergedCounter, type SettleOrders } from "./finish-transfer.ts";
import type { Given, GoneCart, GuestCart, MergeRequest, MergeStore, Taken } from "./merge-store.ts";
import { type MergedLine, type Transfer, wholeReport } from "./transfer.ts";

/** What a merge has led to, now or the first time. */
export interface MergeOutcome {
  readonly cart: CartView;
  /** Of every product of either cart, the guest's first. */
  readonly lines: readonly MergedLine[];
  /** Of the events that this call has waited for: the user's, and the guest's if it took the cart. */
  readonly outboxState: OutboxState;
  readonly replayed: boolean;
}

/**
 * MERGE_CONFLICT, with nothing taken: the guest's cart changed each time between being read and being taken,
 * or gave way to a new one that the request cannot have meant; or either cart is being ordered.
 */
export type MergeError = CartError | { readonly code: "MERGE_CONFLICT" };

/** Moves the guest's cart into the user's; see {@link createMerge}. */
export type Merge = (
  request: MergeRequest,
  /** When whoever asks gives up, in ms since 1970; what is not taken by then stays where it is. */
  deadline?: number | null,
) => Promise<Result<MergeOutcome, MergeError>>;

/** What a user's cart may hold, and its life; a transfer keeps those that it was taken with. */
export type Terms = Pick<Transfer, "maxLines" | "maxQuantity" | "ttlMs" | "graceMs">;

/**
 * Finds out what came of a guest's checkouts that nobody saw the end of, takes it out of the guest's cart,
 * and sees to it that no more comes of them. Resolves with whether it could; rejects
 * for a fault of ours alone.
 */
export type DecideOrders = (guest: string) => Promise<boolean>;

/** What came of checkouts, for the two carts of a merge. */
export interface MergeOrders {
  readonly decide: DecideOrders;
  readonly settle: SettleOrders;
}

/** How often a cart that changes meanwhile is read again. */
const MOST_READS = 8;

/**
 * A saga over two carts: take, give, settle. The catalog is asked before the take, so that nothing is
 * begun that cannot be judged, and what either owner has ordered is taken out first; from the take on the
 * merge cannot fail, only be late: a repeat of the call, of any client, or the sweeper finishes it with the
 * same outcome. A call takes no cart but the first that it sees: finding that one gone to this user, before
 * or meanwhile, it gets that merge's outcome, and its Idempotency-Key leads there from then on. What the
 * guest has put into a new cart is taken by the next call.
 */
export function createMerge(options: {
  store: MergeStore;
  carts: Pick<CartStore, "read">;
  catalog: Catalog;
  show: ShowCart;
  outbox: OutboxCommit;
  orders: MergeOrders;
  merged: MergedCounter;
  metrics: CartMetrics;
  terms: Terms;
}): Merge {
  const { store, carts, catalog, show, outbox, orders, merged, terms } = options;
  const { expired } = options.metrics;
  const finishTransfer = createFinishTransfer({ store, settleOrders: orders.settle, merged, expired });
  const measured = createMeasure(options.metrics);

  async function answer(given: Given, taken: StagedEvent | null): Promise<MergeOutcome> {
    const events = [taken, given.staged].filter((staged) => staged !== null);
    const [cart, ...states] = await Promise.all([
      show(given.state),
      ...events.map((staged) => outbox.committed(staged)),
    ]);
    return {
      cart,
      lines: wholeReport(given.lines, given.state.items),
      outboxState: states.includes("staged") ? "staged" : "committed",
      replayed: taken === null,
    };
  }

  async function finish(transfer: Transfer, taken: StagedEvent) {
    const given = await finishTransfer(transfer);
    return given.ok ? ok(await answer(given.value, taken)) : given;
  }

  /** There is nothing to merge: the user's cart as it is. */
  async function nothing(user: string): Promise<Result<MergeOutcome, MergeError>> {
    const read = await carts.read(user);
    if (!read.ok) return read;
    const cart = await show(read.value);
    return ok({ cart, lines: wholeReport([], read.value.items), outboxState: "committed", replayed: false });
  }

  /** The outcome of the first of these carts that went to the request's user; null when none did. */
  async function earlier(request: MergeRequest, ...carts: readonly (GoneCart | null)[]) {
    for (const cart of carts) {
      if (cart?.user !== request.user) continue;
      const first = await store.outcome(request, cart);
      if (!first.ok) return first;
      if (first.value !== null) return ok(await answer(first.value, null));
    }
    return ok(null);
  }

  /** What was merged under the request's Idempotency-Key; null when nothing was, or it has none. */
  async function known(request: MergeRequest): Promise<Result<MergeOutcome | null, MergeError>> {
    const { idempotencyKey } = request;
    if (idempotencyKey === null) return ok(null);
    const given = await store.recall({ ...request, idempotencyKey });
    if (!given.ok) return given;
    return ok(given.value && (await answer(given.value, null)));
  }

  /** True when no checkout of the user's cart is under way, and what is ordered was taken out of it. */
  async function isSettled(user: string): Promise<Result<boolean, MergeError>> {
    const checkout = await store.checkoutOf(user);
    if (!checkout.ok) return checkout;
    if (checkout.value === null) return ok(true);
    return ok(checkout.value.kind === "undecided" && (await orders.settle(user)));
  }

  async function transferOf(request: MergeRequest, { cartId, version, items }: GuestCart) {
    const ids = items.map(({ productId }) => productId);
    const sold = await catalog.afresh(ids, request.user);
    if (!sold.ok) return sold;
    const lines = items.map((line) => ({ ...line, stock: sold.value.get(line.productId)?.stock }));
    return ok<Transfer>({ ...request, cartId, version, lines, ...terms });
  }

  /** The earlier outcome for a request whose cart is gone; without one there is nothing to merge. */
  async function replay(request: MergeRequest, seen: Transfer | null, gone: GoneCart) {
    const first = await earlier(request, seen, gone);
    if (!first.ok) return first;
    return first.value === null ? nothing(request.user) : ok(first.value);
  }

  async function merge(
    request: MergeRequest,
    deadline: number | null,
  ): Promise<Result<MergeOutcome, MergeError>> {
    let seen: Transfer | null = null;
    for (let tries = 0; tries <= MOST_READS; tries++) {
      const taken: Result<Taken, MergeError> = await store.take(request.guest, seen);
      if (!taken.ok) return taken;
      const found = taken.value;
      if (found.kind === "taken") return finish(found.transfer, found.staged);
      // Not before the look: whatever the key has merged before this cart was there is remembered by now.
      const before = await known(request);
      if (!before.ok) return before;
      if (before.value !== null) return ok(before.value);
      if (found.kind === "ordering") break;
      if (found.kind === "undecided") {
        if (!(await orders.decide(request.guest))) break;
        const decided = await store.decided(request.guest, found.token);
        if (!decided.ok) return decided;
        continue;
      }
      if (found.kind === "empty") return nothing(request.user);
      if (found.kind === "settled") return replay(request, seen, found.last);
      if (found.kind === "pending") {
        const finished = await finishTransfer(found.transfer);
        if (!finished.ok) return finished;
        if (found.transfer.user === request.user) return replay(request, seen, found.transfer);
        continue;
      }
      if (seen !== null && seen.cartId !== found.cart.cartId) {
        const first = await earlier(request, seen, found.last);
        if (!first.ok) return first;
        if (first.value !== null) return ok(first.value);
        break;
      }
      const settled = await isSettled(request.user);
      if (!settled.ok) return settled;
      if (!settled.value) break;
      const checked = await transferOf(request, found.cart);
      if (!checked.ok) return checked;
      if (isPast(deadline)) return err({ code: "DEADLINE_PASSED" });
      seen = checked.value;
    }
    return err({ code: "MERGE_CONFLICT" });
  }

  return (request, deadline = null) => measured("merge", () => merge(request, deadline));
}
