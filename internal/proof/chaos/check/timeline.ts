import { type Attribution, cartText, describe, EMPTY, sameCart, stateAfter } from "./attribution.ts";
import type { ToldCart } from "./carts.ts";
import type { Arrival, Attempt, FinalCart, SeenCart, Violation } from "./history.ts";
import { NOTICE_MS } from "./notices.ts";
import { EXPIRING, EXPIRY } from "./operations.ts";

/** What an owner's cart was between two events. */
interface State {
  readonly cart: SeenCart;
  /** Epoch ms; from then on it shows as empty. */
  readonly expiresAt: number;
}

/**
 * Judges one owner's story against what the owner was shown: every answer shows a state that the cart was in
 * at some moment between the question and the answer. The events give the order of the states, so that the
 * question is only whether moments can be found for them: the test for linearizability of Herlihy and Wing
 * (1990), with the order given.
 */
export function checkTimeline(
  owner: string,
  carts: readonly ToldCart[],
  attempts: readonly Attempt[],
  final: FinalCart | undefined,
  { eventOf, eventOfKey }: Attribution,
): Violation[] {
  const violations: Violation[] = [];
  const fault = (rule: string, sentence: string) => violations.push({ rule, owner, sentence });
  const inOrder = carts.toSorted((a, b) => a.events[0]!.occurredAt - b.events[0]!.occurredAt);
  for (const cart of inOrder.slice(0, -1))
    if (!cart.ended) fault("two-carts", `cart ${cart.id} never ended, and yet another cart began`);

  const events: readonly Arrival[] = inOrder.flatMap((cart) => cart.events);
  const states: readonly State[] = [
    { cart: EMPTY, expiresAt: Number.POSITIVE_INFINITY },
    ...events.map((event) => ({
      cart: stateAfter(event),
      expiresAt: event.data.expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(event.data.expiresAt),
    })),
  ];
  const placeOf = new Map(states.map(({ cart }, place) => [`${cart.cartId} ${cart.version}`, place]));
  const placeOfEvent = new Map(events.map((event, index) => [event.id, index + 1]));

  // Event i happened within [earliest[i], latest[i]], and not before event i - 1.
  const earliest = states.map(() => Number.NEGATIVE_INFINITY);
  const latest = states.map(() => Number.POSITIVE_INFINITY);
  const notBefore = (place: number, at: number) => {
    if (place < earliest.length) earliest[place] = Math.max(earliest[place]!, at);
  };
  const notAfter = (place: number, at: number) => {
    latest[place] = Math.min(latest[place]!, at);
  };
  for (const [index, event] of events.entries()) {
    if (event.data.change.type === EXPIRY) notBefore(index + 1, states[index]!.expiresAt);
    if (event.data.change.type === EXPIRING) notBefore(index + 1, states[index]!.expiresAt - NOTICE_MS);
  }

  const vague: Attempt[] = [];
  for (const attempt of attempts) {
    const { outcome, from, to } = attempt;
    const event = eventOf.get(attempt.trace);
    if (event) notBefore(placeOfEvent.get(event.id)!, from);
    if (outcome.kind === "refused" && outcome.code === "VERSION_MISMATCH") vague.push(attempt);
    if (outcome.kind !== "done") continue;
    const early = outcome.replayed && attempt.key !== null ? eventOfKey.get(attempt.key) : event;
    if (early) {
      notAfter(placeOfEvent.get(early.id)!, to);
      if (attempt.ifMatch !== null && early.version !== attempt.ifMatch + 1)
        fault(
          "if-match",
          `${describe(attempt)} demanded version ${attempt.ifMatch} and made ${early.version}`,
        );
      continue;
    }
    if (attempt.ifMatch !== null && outcome.cart.version !== attempt.ifMatch)
      fault(
        "if-match",
        `${describe(attempt)} demanded version ${attempt.ifMatch}, not ${outcome.cart.version}`,
      );
    if (outcome.cart.cartId === null) {
      if (!outcome.replayed) vague.push(attempt);
      continue;
    }
    const place = placeOf.get(`${outcome.cart.cartId} ${outcome.cart.version}`);
    if (place === undefined || !sameCart(states[place]!.cart, outcome.cart)) {
      fault("untold-state", `${describe(attempt)} showed ${cartText(outcome.cart)}, of which no event tells`);
    } else if (!outcome.replayed) {
      notAfter(place, to);
      notBefore(place + 1, from);
    }
  }

  for (let place = 1; place < states.length; place++) {
    notBefore(place, earliest[place - 1]!);
    if (earliest[place]! > latest[place]!)
      fault(
        "stale",
        `${cartText(states[place]!.cart)} was shown or acknowledged at ${latest[place]}, ${earliest[place]! - latest[place]!} ms before it can have come about`,
      );
  }
  for (let place = states.length - 2; place > 0; place--) notAfter(place, latest[place + 1]!);

  const couldBe = (place: number, { from, to }: { from: number; to: number }) =>
    earliest[place]! <= to && (place + 1 === states.length || latest[place + 1]! >= from);
  for (const attempt of vague) {
    const { ifMatch, outcome, to } = attempt;
    const empty = ({ cart, expiresAt }: State) => cart.cartId === null || expiresAt <= to;
    const fits =
      outcome.kind === "refused"
        ? (state: State) => state.cart.version !== ifMatch || empty(state)
        : (state: State) => empty(state);
    if (!states.some((state, place) => fits(state) && couldBe(place, attempt)))
      fault(
        outcome.kind === "refused" ? "if-match" : "stale",
        outcome.kind === "refused"
          ? `${describe(attempt)} was refused, although the cart was at version ${ifMatch} all the while`
          : `${describe(attempt)} showed an empty cart, which it was at no time then`,
      );
  }
  if (final) checkFinal(final, events, states, fault);
  return violations;
}

/** The cart at rest is what the last event says, but for what time has done to it since. */
function checkFinal(
  final: FinalCart,
  events: readonly Arrival[],
  states: readonly State[],
  fault: (rule: string, sentence: string) => void,
): void {
  const agedAfter = (place: number, at: number) => {
    const event = events[place - 1];
    if (event?.data.change.type === EXPIRING) return event.occurredAt > at;
    return event?.data.change.type === EXPIRY && states[place - 1]!.expiresAt > at;
  };
  let last = states.length - 1;
  while (agedAfter(last, final.to)) last--;
  let first = last;
  while (agedAfter(first, final.from)) first--;
  const expired = final.cart.cartId === null && states[last]!.expiresAt <= final.to;
  if (expired || states.slice(first, last + 1).some(({ cart }) => sameCart(cart, final.cart))) return;
  fault(
    "cart-differs",
    `the cart at rest is ${cartText(final.cart)}, the last event says ${cartText(states[last]!.cart)}`,
  );
}
