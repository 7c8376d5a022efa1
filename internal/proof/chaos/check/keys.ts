import { describe } from "./attribution.ts";
import type { Attempt, JourneyAttempt, Violation } from "./history.ts";
import { journeyText } from "./journeys.ts";

/** A request with an Idempotency-Key: the same body has the same text. */
interface Keyed {
  readonly owner: string;
  readonly key: string | null;
  readonly body: string;
  readonly from: number;
  readonly to: number;
  readonly outcome: Attempt["outcome"] | JourneyAttempt["outcome"];
  readonly text: string;
}

const REUSED = "IDEMPOTENCY_KEY_REUSED";

/** What comes with the key of something else that was done is refused, and nothing else is for its key. */
export function checkKeys(attempts: readonly Attempt[], journeys: readonly JourneyAttempt[]): Violation[] {
  const all: Keyed[] = [
    ...attempts.map((each) => ({
      ...each,
      body: `${each.operation} ${each.productId} ${each.quantity}`,
      text: describe(each),
    })),
    ...journeys.map((each) => ({
      ...each,
      body: `${each.operation} ${each.orderId} ${JSON.stringify(each.agreed)}`,
      text: journeyText(each),
    })),
  ];
  const ofKeys = Map.groupBy(
    all.filter(({ key }) => key !== null),
    ({ key }) => key,
  );
  return [...ofKeys.values()].flatMap((of) =>
    of.flatMap((each) => {
      const wrong = wrongWith(
        each,
        of.filter(({ body }) => body !== each.body),
      );
      return wrong === null ? [] : [{ ...wrong, owner: each.owner }];
    }),
  );
}

function wrongWith(
  { key, outcome, from, to, text }: Keyed,
  others: readonly Keyed[],
): Omit<Violation, "owner"> | null {
  if (outcome.kind === "unknown") return null;
  if (outcome.kind === "refused" && outcome.code === REUSED) {
    const isUsed = others.some((other) => other.from <= to);
    return isUsed
      ? null
      : { rule: "wrong-refusal", sentence: `${text} was refused for the unused key ${key}` };
  }
  const first = others.find((other) => other.outcome.kind === "done" && other.to <= from);
  const sentence = `${text} had the key ${key} of ${first?.text}, and was ${JSON.stringify(outcome)}`;
  return first ? { rule: "key-reused", sentence } : null;
}
