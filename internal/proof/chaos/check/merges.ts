import { ends } from "./carts.ts";
import { type Arrival, type JourneyAttempt, type Line, linesText, type Violation } from "./history.ts";
import { journeyText, transferKey, wronglyRefused } from "./journeys.ts";

/**
 * Every merge is somebody's wish; what it takes from a guest, all of it, comes into the user's cart once;
 * its answer reports every guest's line, and a guest's cart that was there is taken. That a merge's event
 * is the guest cart's last, and leaves the lines it must, is judged with the carts.
 */
export function checkMerges(events: readonly Arrival[], journeys: readonly JourneyAttempt[]): Violation[] {
  const violations: Violation[] = [];
  const fault = (rule: string, owner: string, sentence: string) => violations.push({ rule, owner, sentence });
  const merges = journeys.filter(({ operation }) => operation === "merge");
  const attemptOf = new Map(merges.map((attempt) => [attempt.trace, attempt]));
  const taken = events.filter(({ data }) => data.change.type === "cart-merged");
  const given = Map.groupBy(
    events.filter(({ data }) => data.change.type === "merged"),
    ({ data }) => transferKey(data.change.from, data.change.fromVersion),
  );
  const lines = linesBefore(events);
  for (const event of taken) {
    const { owner, change } = event.data;
    const attempt = attemptOf.get(event.trace ?? "");
    const name = `the merge of cart ${event.subject} at version ${event.version - 1}`;
    if (!attempt || attempt.guest !== owner || attempt.owner !== change.into)
      fault("merge-invented", owner, `${name} was asked for by nobody`);
    else if (attempt.outcome.kind === "refused")
      fault("refused-yet-done", owner, `${name} was refused: ${journeyText(attempt)}`);
    const held = lines.get(event.id) ?? [];
    if (linesText(held) !== linesText(change.lines ?? []))
      fault("merge-lost", owner, `${name} took [${linesText(change.lines ?? [])}] of [${linesText(held)}]`);
    const key = transferKey(event.subject, event.version - 1);
    const gains = given.get(key) ?? [];
    given.delete(key);
    if (gains.length === 0) fault("merge-lost", owner, `${name} never came into the cart of ${change.into}`);
    if (gains.length > 1) fault("merge-twice", owner, `${name} came into carts ${gains.length} times`);
    for (const { data } of gains)
      if (data.owner !== change.into) fault("merge-lost", owner, `${name} came to ${data.owner}`);
  }
  for (const [key, [event]] of given)
    fault("merge-invented", event!.data.owner, `cart ${event!.subject} gained of cart ${key}, never taken`);
  const ofGuest = Map.groupBy(events, ({ data }) => data.owner);
  for (const attempt of merges) {
    if (wronglyRefused(attempt))
      fault("wrong-refusal", attempt.owner, `${journeyText(attempt)}: ${JSON.stringify(attempt.outcome)}`);
    const wrong = wrongReport(attempt, ofGuest.get(attempt.guest ?? "") ?? []);
    if (wrong !== null) fault("wrong-report", attempt.owner, `${journeyText(attempt)} ${wrong}`);
  }
  return violations;
}

/** By event id: what its cart held before it. */
function linesBefore(events: readonly Arrival[]): Map<string, readonly Line[]> {
  const held = new Map<string, readonly Line[]>();
  const before = new Map<string, readonly Line[]>();
  for (const { id, subject, data } of events) {
    before.set(id, held.get(subject) ?? []);
    held.set(subject, data.items);
  }
  return before;
}

/** What an answer says of the guest's lines and the events do not; null when nothing. */
function wrongReport({ trace, outcome, from, to }: JourneyAttempt, guest: readonly Arrival[]): string | null {
  if (outcome.kind !== "done" || outcome.cart === null) return null;
  const reported = outcome.report.filter(({ guestQuantity }) => guestQuantity > 0);
  if (reported.length === 0) {
    if (guest.some((event) => event.trace === trace && event.data.change.type === "cart-merged"))
      return "took the guest's cart and reported nothing of it";
    const skipped = guest.find((event, at) => {
      const next = guest[at + 1]?.occurredAt ?? Number.POSITIVE_INFINITY;
      const lives = event.data.expiresAt === null || Date.parse(event.data.expiresAt) > to;
      return !ends(event) && event.occurredAt < from && next > to && lives;
    });
    return skipped ? `reported nothing, and the guest had [${linesText(skipped.data.items)}]` : null;
  }
  const text = linesText(reported.map(({ productId, guestQuantity: quantity }) => ({ productId, quantity })));
  const moves = guest.filter(({ data }) => data.change.type === "cart-merged");
  if (!moves.some(({ data }) => linesText(data.change.lines ?? []) === text))
    return `reported [${text}], which no event took`;
  for (const line of reported) {
    const shown = outcome.cart.items.find(({ productId }) => productId === line.productId)?.quantity ?? 0;
    const whole = line.guestQuantity + line.userQuantity;
    const lost = line.quantity < whole && !["capped", "dropped"].includes(line.outcome);
    if (shown !== line.quantity || line.quantity > whole || lost)
      return `reported ${JSON.stringify(line)} beside ${shown} in the cart`;
  }
  return null;
}
