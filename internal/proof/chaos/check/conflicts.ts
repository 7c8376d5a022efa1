import type { Attempt, JourneyAttempt, Violation } from "./history.ts";
import { journeyText } from "./journeys.ts";

/**
 * A merge is refused with MERGE_CONFLICT only where somebody was in its way: a checkout of the guest that had
 * begun, however it was answered (its claim may outlive the answer), whatever else was under way for the
 * guest meanwhile, or a checkout of the user that had begun and was not known to have reduced the cart.
 */
export function checkConflicts(
  attempts: readonly Attempt[],
  journeys: readonly JourneyAttempt[],
): Violation[] {
  const ofGuest = Map.groupBy(
    [...attempts, ...journeys],
    (each) => ("guest" in each && each.guest) || each.owner,
  );
  const checkouts = Map.groupBy(
    journeys.filter(({ operation }) => operation === "checkout"),
    ({ owner }) => owner,
  );
  return journeys.flatMap((merge) => {
    const { owner, guest, outcome, from, to } = merge;
    if (guest === null || outcome.kind !== "refused" || outcome.code !== "MERGE_CONFLICT") return [];
    const isInTheWay = (other: Attempt | JourneyAttempt) =>
      other !== merge &&
      other.from <= to &&
      // What is not known to have ended may go on.
      (other.operation === "checkout" || other.outcome.kind === "unknown" || other.to >= from);
    const mayHaveClaim = (checkout: JourneyAttempt) =>
      checkout.from <= to && (checkout.to >= from || !hasReduced(checkout));
    if (ofGuest.get(guest)?.some(isInTheWay) || checkouts.get(owner)?.some(mayHaveClaim)) return [];
    return [{ rule: "wrong-refusal", owner, sentence: `${journeyText(merge)} met nobody, and was refused` }];
  });
}

/** True when a checkout was answered with the cart as it is after the order: its claim is over. */
const hasReduced = ({ outcome }: JourneyAttempt) => outcome.kind === "done" && outcome.cart !== null;
