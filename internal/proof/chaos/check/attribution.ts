import { type Arrival, type Attempt, linesText, type SeenCart, type Violation } from "./history.ts";
import { isOfJourney } from "./journeys.ts";
import { EXPIRING, EXPIRY, operationNamed } from "./operations.ts";

/** Which attempt caused which event. */
export interface Attribution {
  /** By the attempt's trace. */
  readonly eventOf: ReadonlyMap<string, Arrival>;
  /** By Idempotency-Key: the event of whichever attempt took effect. */
  readonly eventOfKey: ReadonlyMap<string, Arrival>;
  readonly violations: readonly Violation[];
}

/**
 * Every event is the work of one attempt, or of time; every acknowledged change has its event, or had
 * nothing to change; what was refused has none, and was refused for a reason; a key has at most one.
 */
export function attribute(events: readonly Arrival[], attempts: readonly Attempt[]): Attribution {
  const attemptOf = new Map(attempts.map((attempt) => [attempt.trace, attempt]));
  const eventOf = new Map<string, Arrival>();
  const eventOfKey = new Map<string, Arrival>();
  const violations: Violation[] = [];
  for (const event of events) {
    const { owner, change } = event.data;
    if ([EXPIRY, EXPIRING].includes(change.type) || isOfJourney(change)) continue;
    const fault = (rule: string, sentence: string) =>
      violations.push({ rule, owner, sentence: `${nameOf(event)} ${sentence}` });
    const attempt = event.trace === null ? undefined : attemptOf.get(event.trace);
    if (!attempt) {
      fault("invented-event", "was caused by nobody");
      continue;
    }
    if (attempt.owner !== owner || !caused(attempt, event))
      fault("wrong-cause", `does not tell of what its cause asked for: ${describe(attempt)}`);
    if (attempt.outcome.kind === "refused")
      fault("refused-yet-done", `was caused by a refused request: ${describe(attempt)}`);
    if (eventOf.has(attempt.trace))
      fault("done-twice", `is the second event of one request: ${describe(attempt)}`);
    else if (attempt.key !== null && eventOfKey.has(attempt.key))
      fault("done-twice", `is the second event of the key ${attempt.key}: ${describe(attempt)}`);
    eventOf.set(attempt.trace, event);
    if (attempt.key !== null) eventOfKey.set(attempt.key, event);
  }
  for (const attempt of attempts) {
    const wrong = unfulfilled(attempt, eventOf, eventOfKey);
    if (wrong) violations.push({ ...wrong, owner: attempt.owner });
  }
  return { eventOf, eventOfKey, violations };
}

function caused(attempt: Attempt, { data: { change } }: Arrival): boolean {
  return (
    operationNamed(attempt.operation).change === change.type &&
    (change.productId ?? null) === attempt.productId &&
    (change.quantity ?? null) === attempt.quantity
  );
}

/**
 * What a correct request may be refused with: somebody else was first, the catalog cannot be asked, or has
 * less (judged in stock.ts), or the key was something else's (in keys.ts).
 */
const REFUSALS = ["VERSION_MISMATCH", "CATALOG_UNAVAILABLE", "OUT_OF_STOCK", "IDEMPOTENCY_KEY_REUSED"];

/** What an answer promised and the events do not keep. */
function unfulfilled(
  attempt: Attempt,
  eventOf: ReadonlyMap<string, Arrival>,
  eventOfKey: ReadonlyMap<string, Arrival>,
): Omit<Violation, "owner"> | null {
  const { outcome } = attempt;
  if (outcome.kind === "refused" && !REFUSALS.includes(outcome.code))
    return {
      rule: "wrong-refusal",
      sentence: `${describe(attempt)} was refused with ${outcome.status} ${outcome.code}`,
    };
  const kind = operationNamed(attempt.operation);
  if (outcome.kind !== "done" || kind.change === null) return null;
  const event =
    outcome.replayed && attempt.key !== null ? eventOfKey.get(attempt.key) : eventOf.get(attempt.trace);
  if (event) {
    const after = stateAfter(event);
    return sameCart(after, outcome.cart)
      ? null
      : {
          rule: "wrong-answer",
          sentence: `${describe(attempt)} answered ${cartText(outcome.cart)}, its event says ${cartText(after)}`,
        };
  }
  const { productId, quantity } = attempt;
  const idle = kind.effect(outcome.cart.items, { productId, quantity }) === null;
  return idle
    ? null
    : { rule: "lost-event", sentence: `${describe(attempt)} was acknowledged, and no event tells of it` };
}

/** The cart an event leaves behind, as the API shows it. */
export function stateAfter({ data }: Arrival): SeenCart {
  return data.items.length === 0 || data.change.type === EXPIRY
    ? EMPTY
    : { cartId: data.cartId, version: data.version, items: data.items };
}

export const EMPTY: SeenCart = { cartId: null, version: 0, items: [] };

export function sameCart(one: SeenCart, other: SeenCart): boolean {
  return (
    one.cartId === other.cartId &&
    one.version === other.version &&
    linesText(one.items) === linesText(other.items)
  );
}

export function cartText({ cartId, version, items }: SeenCart): string {
  return cartId === null ? "an empty cart" : `cart ${cartId} version ${version} [${linesText(items)}]`;
}

export function nameOf(event: Arrival): string {
  return `event ${event.id} (cart ${event.subject} version ${event.version}, ${event.data.change.type})`;
}

export function describe({ operation, quantity, productId, trace }: Attempt): string {
  return [operation, quantity, productId, `(${trace.slice(0, 8)})`].filter((part) => part !== null).join(" ");
}
