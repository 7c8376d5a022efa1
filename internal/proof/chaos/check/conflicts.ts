import type { Attempt, JourneyAttempt, Violation } from "./history.ts";
import { journeyText } from "./journeys.ts";

/**
 * A merge is refused with MERGE_CONFLICT only where somebody was in its way: a checkout of the guest that had
 * begun, however it was answered (its claim may outlive the answer), or whatever was under way meanwhile.
 */
export function checkConflicts(
  attempts: readonly Attempt[],
  journeys: readonly JourneyAttempt[],
): Violation[] {
  const ofGuest = Map.groupBy(
    [...attempts, ...journeys],
    (each) => ("guest" in each && each.guest) || each.owner,
  );
  return journeys.flatMap((merge) => {
    const { owner, guest, outcome, from, to } = merge;
    if (guest === null || outcome.kind !== "refused" || outcome.code !== "MERGE_CONFLICT") return [];
    const isInTheWay = (other: Attempt | JourneyAttempt) =>
      other !== merge &&
      other.from <= to &&
      // What is not known to have ended may go on.
      (other.operation === "checkout" || other.outcome.kind === "unknown" || other.to >= from);
    if (ofGuest.get(guest)?.some(isInTheWay)) return [];
    return [{ rule: "wrong-refusal", owner, sentence: `${journeyText(merge)} met nobody, and was refused` }];
  });
}
