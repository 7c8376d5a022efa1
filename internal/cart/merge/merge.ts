import type { StagedEvent } from "../../platform/event/event.ts";
import type { Counter } from "../../platform/metrics/metrics.ts";
import { err, ok, type Result } from "../../platform/result/result.ts";
import type { CartError, CartView, OutboxState } from "../cart.ts";
import type { Catalog } from "../catalog.ts";
import { createMeasure, type OutboxCommit } from "../service.ts";
import type { ShowCart } from "../show.ts";
import type { CartStore } from "../store.ts";
import type { Given, GuestCart, MergeRequest, MergeStore, Taken } from "./merge-store.ts";
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
 * MERGE_CONFLICT: the guest's cart changed each time between being read and being taken, or is being ordered.
 */
export type MergeError = CartError | { readonly code: "MERGE_CONFLICT" };

/** Merges that this process has given to a user, by strategy; repeats are not counted. */
export type MergedCounter = Counter<"strategy">;

/** Moves the guest's cart into the user's; see {@link createMerge}. */
export type Merge = (request: MergeRequest) => Promise<Result<MergeOutcome, MergeError>>;

/** What a user's cart may hold, and its life; a transfer keeps those that it was taken with. */
export type Terms = Pick<Transfer, "maxLines" | "maxQuantity" | "ttlMs" | "graceMs">;

/** How often a cart that changes meanwhile is read again. */
const MOST_READS = 8;

/**
 * A saga over two carts: take, give, settle. The catalog is asked before the take, so that nothing is
 * begun that cannot be judged; from the take on the merge cannot fail, only be late: a repeat of the
 * call, of any client, or the sweeper finishes it with the same outcome. A call that finds the guest's cart
 * gone to this user gets that outcome again. What the guest has put into a new cart meanwhile is taken by
 * the next call.
 */
export function createMerge(options: {
  store: MergeStore;
  carts: Pick<CartStore, "read">;
  catalog: Catalog;
  show: ShowCart;
  outbox: OutboxCommit;
  merged: MergedCounter;
  metrics: Parameters<typeof createMeasure>[0];
  terms: Terms;
}): Merge {
  const { store, carts, catalog, show, outbox, merged, terms } = options;
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

  async function finish(transfer: Transfer, taken: StagedEvent | null) {
    const given = await finishTransfer(store, transfer, merged);
    return given.ok ? ok(await answer(given.value, taken)) : given;
  }

  /** There is nothing to merge: the user's cart as it is. */
  async function nothing(user: string): Promise<Result<MergeOutcome, MergeError>> {
    const read = await carts.read(user);
    if (!read.ok) return read;
    const cart = await show(read.value);
    return ok({ cart, lines: wholeReport([], read.value.items), outboxState: "committed", replayed: false });
  }

  async function earlier({ user }: MergeRequest, last: Extract<Taken, { kind: "settled" }>) {
    if (last.user !== user) return nothing(user);
    const first = await store.outcome(user, last);
    if (!first.ok) return first;
    return first.value === null ? nothing(user) : ok(await answer(first.value, null));
  }

  async function transferOf(request: MergeRequest, { cartId, version, items }: GuestCart) {
    const ids = items.map(({ productId }) => productId);
    const sold = await catalog.afresh(ids, request.user);
    if (!sold.ok) return sold;
    const lines = items.map((line) => ({ ...line, stock: sold.value.get(line.productId)?.stock }));
    return ok<Transfer>({ ...request, cartId, version, lines, ...terms });
  }

  async function merge(request: MergeRequest): Promise<Result<MergeOutcome, MergeError>> {
    const { user, idempotencyKey } = request;
    if (idempotencyKey !== null) {
      const known = await store.recall({ ...request, idempotencyKey });
      if (!known.ok) return known;
      if (known.value !== null) return ok(await answer(known.value, null));
    }
    let transfer: Transfer | null = null;
    for (let tries = 0; tries <= MOST_READS; tries++) {
      const taken: Result<Taken, MergeError> = await store.take(request.guest, transfer);
      if (!taken.ok) return taken;
      const found = taken.value;
      if (found.kind === "taken") return finish(found.transfer, found.staged);
      if (found.kind === "settled") return earlier(request, found);
      if (found.kind === "ordering") break;
      if (found.kind === "empty") return nothing(user);
      if (found.kind === "pending") {
        const finished = await finish(found.transfer, null);
        if (!finished.ok || found.transfer.user === user) return finished;
        continue;
      }
      const checked = await transferOf(request, found.cart);
      if (!checked.ok) return checked;
      transfer = checked.value;
    }
    return err({ code: "MERGE_CONFLICT" });
  }

  return (request) => measured("merge", () => merge(request));
}

/**
 * Gives a transfer and settles it; may be repeated, by several at a time. One that was given and not
 * settled stays a case for the next repeat or the sweeper: its outcome stands.
 */
export async function finishTransfer(store: MergeStore, transfer: Transfer, merged: MergedCounter) {
  const given = await store.give(transfer);
  if (!given.ok) return given;
  if (!given.value.replayed) merged.inc({ strategy: transfer.strategy });
  await store.settle(transfer);
  return given;
}
