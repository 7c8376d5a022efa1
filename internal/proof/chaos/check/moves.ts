import type { JourneyAttempt, OrderArrival } from "./history.ts";

/** Where an order can go from each status. */
const MOVES: Readonly<Record<string, readonly string[]>> = {
  placed: ["paid", "cancelled"],
  paid: ["fulfilled", "cancelled"],
  fulfilled: [],
  cancelled: [],
};

/** What an order is when it is done. */
export const STATUS_BY: Readonly<Record<JourneyAttempt["operation"], string | null>> = {
  merge: null,
  checkout: "placed",
  cancel: "cancelled",
  pay: "paid",
  fulfil: "fulfilled",
};

export const follows = (status: string, next: string): boolean => MOVES[status]?.includes(next) ?? false;

/** True when an order was at no time of a refused attempt in a status that does not allow the move. */
export function refusedInVain(
  { operation, outcome, from, to }: JourneyAttempt,
  of: readonly OrderArrival[],
): boolean {
  const next = STATUS_BY[operation];
  if (outcome.kind !== "refused" || outcome.code !== "ORDER_STATE" || next === null) return false;
  return !of.some(({ data, occurredAt }, at) => {
    // It is so from when it is written, and not after the next event has arrived.
    const until = of[at + 1]?.receivedAt ?? Number.POSITIVE_INFINITY;
    return !follows(data.status, next) && occurredAt <= to && until >= from;
  });
}
