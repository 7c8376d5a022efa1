import { ends } from "./carts.ts";
import {
  type Arrival,
  type JourneyAttempt,
  type Line,
  linesText,
  type ReportLine,
  type SeenCart,
  type Violation,
} from "./history.ts";
import {
  JOINED,
  type Journeys,
  journeyText,
  type Transfer,
  transferKey,
  wronglyRefused,
} from "./journeys.ts";

/**
 * Every merge is somebody's wish; what it takes from a guest, all of it, comes into the user's cart once;
 * its answer reports every guest's line, and a guest's cart that was there is taken. That a merge's event
 * is the guest cart's last, and leaves the lines it must, is judged with the carts.
 */
export function checkMerges(
  events: readonly Arrival[],
  journeys: readonly JourneyAttempt[],
  { transfers }: Pick<Journeys, "transfers">,
): Violation[] {
  const violations: Violation[] = [];
  const fault = (rule: string, owner: string, sentence: string) => violations.push({ rule, owner, sentence });
  const merges = journeys.filter(({ operation }) => operation === "merge");
  const attemptOf = new Map(merges.map((attempt) => [attempt.trace, attempt]));
  const taken = events.filter(({ data }) => data.change.type === "cart-merged");
  const given = Map.groupBy(
    events.filter(({ data }) => data.change.type === "merged"),
    ({ data }) => transferKey(data.change.from, data.change.fromVersion),
  );
  const before = linesBefore(events);
  const ofOwner = Map.groupBy(events, ({ data }) => data.owner);
  for (const event of taken) {
    const { owner, change } = event.data;
    const attempt = attemptOf.get(event.trace ?? "");
    const name = `the merge of cart ${event.subject} at version ${event.version - 1}`;
    if (!attempt || attempt.guest !== owner || attempt.owner !== change.into)
      fault("merge-invented", owner, `${name} was asked for by nobody`);
    else if (attempt.outcome.kind === "refused")
      fault("refused-yet-done", owner, `${name} was refused: ${journeyText(attempt)}`);
    const held = before.get(event.id) ?? [];
    if (linesText(held) !== linesText(change.lines ?? []))
      fault("merge-lost", owner, `${name} took [${linesText(change.lines ?? [])}] of [${linesText(held)}]`);
    const key = transferKey(event.subject, event.version - 1);
    const gains = given.get(key) ?? [];
    given.delete(key);
    const needed = !stoodAlready(event, transfers.get(key), ofOwner.get(change.into ?? "") ?? []);
    if (gains.length === 0 && needed)
      fault("merge-lost", owner, `${name} never came into the cart of ${change.into}`);
    if (gains.length > 1) fault("merge-twice", owner, `${name} came into carts ${gains.length} times`);
    for (const { data } of gains)
      if (data.owner !== change.into) fault("merge-lost", owner, `${name} came to ${data.owner}`);
  }
  for (const [key, [event]] of given)
    fault("merge-invented", event!.data.owner, `cart ${event!.subject} gained of cart ${key}, never taken`);
  for (const attempt of merges) {
    if (wronglyRefused(attempt))
      fault("wrong-refusal", attempt.owner, `${journeyText(attempt)}: ${JSON.stringify(attempt.outcome)}`);
    const wrong = wrongAnswer(attempt, ofOwner.get(attempt.guest ?? "") ?? [], transfers);
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

/** Each event with when the next one of its cart came about, epoch ms. */
function withEnds(events: readonly Arrival[]): { event: Arrival; until: number }[] {
  const carts = Map.groupBy(events, ({ subject }) => subject).values();
  return [...carts].flatMap((cart) =>
    cart.map((event, at) => ({ event, until: cart[at + 1]?.occurredAt ?? Number.POSITIVE_INFINITY })),
  );
}

/** True when the user's cart held, some time since the take, what the merge makes of it: no event then. */
function stoodAlready(take: Arrival, transfer: Transfer | undefined, user: readonly Arrival[]): boolean {
  if (!transfer?.strategy) return false;
  const join = JOINED[transfer.strategy];
  return withEnds(user).some(
    ({ event, until }) =>
      !ends(event) &&
      until >= take.occurredAt &&
      transfer.lines.every(({ productId, quantity }) => {
        const before = held(event.data.items, productId);
        return before > 0 && join(quantity, before) === before;
      }),
  );
}

const held = (items: readonly Line[], productId: string) =>
  items.find((line) => line.productId === productId)?.quantity ?? 0;

/** What an answer says of the guest's lines and the events do not; null when nothing. */
function wrongAnswer(
  { trace, outcome, from, to }: JourneyAttempt,
  guest: readonly Arrival[],
  transfers: Journeys["transfers"],
): string | null {
  if (outcome.kind !== "done" || outcome.cart === null) return null;
  const reported = outcome.report.filter(({ guestQuantity }) => guestQuantity > 0);
  const takes = guest.filter(({ data }) => data.change.type === "cart-merged");
  if (reported.length === 0) {
    if (takes.some((event) => event.trace === trace))
      return "took the guest's cart and reported nothing of it";
    const skipped = withEnds(guest).find(({ event, until }) => {
      const lives = event.data.expiresAt === null || Date.parse(event.data.expiresAt) > to;
      return !ends(event) && event.occurredAt < from && until > to && lives;
    });
    return skipped ? `reported nothing, and the guest had [${linesText(skipped.event.data.items)}]` : null;
  }
  const text = linesText(reported.map(({ productId, guestQuantity: quantity }) => ({ productId, quantity })));
  const fitting = takes.filter(({ data }) => linesText(data.change.lines ?? []) === text);
  if (fitting.length === 0) return `reported [${text}], which no event took`;
  const transfersOfIt = fitting.map((take) => transfers.get(transferKey(take.subject, take.version - 1))!);
  return transfersOfIt.some((transfer) => reported.every((line) => isTrue(line, transfer, outcome.cart!)))
    ? null
    : `reported ${JSON.stringify(reported)} beside [${linesText(outcome.cart.items)}] in the cart`;
}

/** True when a line is what its strategy makes of it, or says that it is less, and the cart shows it so. */
function isTrue(line: ReportLine, { strategy }: Transfer, cart: SeenCart): boolean {
  if (strategy === null) return true; // asked for by nobody: another rule's
  const whole = JOINED[strategy](line.guestQuantity, line.userQuantity);
  const told = line.quantity === whole || ["capped", "dropped"].includes(line.outcome);
  return told && line.quantity <= whole && held(cart.items, line.productId) === line.quantity;
}
