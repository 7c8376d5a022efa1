import type { Counter } from "../../platform/metrics/metrics.ts";
import { err, type Result } from "../../platform/result/result.ts";
import type { StoreFault } from "../store/store.ts";
import type { Given, MergeStore } from "./merge-store.ts";
import type { Transfer } from "./transfer.ts";

/** Merges that this process has given to a user, by strategy; repeats are not counted. */
export type MergedCounter = Counter<"strategy">;

/**
 * Takes what a user has ordered, as far as it is committed, out of the cart that it was ordered from.
 * Resolves with whether it could; rejects for a fault of ours alone.
 */
export type SettleOrders = (user: string) => Promise<boolean>;

/**
 * Gives a transfer and settles it; may be repeated, by several at a time. One that was given and not
 * settled stays a case for the next repeat or the sweeper: its outcome stands. One that cannot be given,
 * because nobody can say what the user has ordered, is one too.
 */
export type FinishTransfer = (transfer: Transfer) => Promise<Result<Given, StoreFault>>;

/** What finishes transfers, in a cart process or in a relay. */
export interface FinishParts {
  readonly store: Pick<MergeStore, "give" | "settle">;
  readonly settleOrders: SettleOrders;
  readonly merged: MergedCounter;
  /** Counts a cart of the user's whose end a give has told of. */
  readonly expired: Counter<"reason">;
}

/** How often a user who goes on to check out meanwhile is waited for. */
const MOST_GIVES = 4;

export function createFinishTransfer(parts: FinishParts): FinishTransfer {
  const { store, settleOrders, merged, expired } = parts;

  async function give(transfer: Transfer): Promise<Result<Given, StoreFault>> {
    let settled: string | null = null;
    for (let tries = 0; tries < MOST_GIVES; tries++) {
      const given = await store.give(transfer, settled);
      if (given.ok) return given;
      if (given.error.code !== "CHECKOUT_UNDECIDED") return err(given.error);
      if (!(await settleOrders(transfer.user))) break;
      settled = given.error.token;
    }
    return err({ code: "CART_STORE_UNAVAILABLE" });
  }

  return async (transfer) => {
    const given = await give(transfer);
    if (!given.ok) return given;
    if (!given.value.replayed) merged.inc({ strategy: transfer.strategy });
    if (given.value.expired) expired.inc({ reason: given.value.expired });
    await store.settle(transfer);
    return given;
  };
}
