import {
  type Arrival,
  type FinalOrders,
  type JourneyAttempt,
  linesText,
  type NoteViolation,
  type OrderArrival,
  type SeenOrder,
  type Violation,
} from "./history.ts";
import { journeyText, wronglyRefused } from "./journeys.ts";
import { follows, refusedInVain, STATUS_BY } from "./moves.ts";
import { checkReductions } from "./reductions.ts";

/**
 * Every order has its events, from placed on by the moves that there are, and every such event its order;
 * each was somebody's wish and a key has one order at most; the order holds what its cart held, and reduces
 * it once in the end.
 */
export function checkOrders(
  events: readonly OrderArrival[],
  cartEvents: readonly Arrival[],
  journeys: readonly JourneyAttempt[],
  finals: readonly FinalOrders[],
): Violation[] {
  const violations: Violation[] = [];
  const fault: NoteViolation = (rule, owner, sentence) => violations.push({ rule, owner, sentence });
  const told = Map.groupBy(events, ({ subject }) => subject);
  for (const of of told.values()) checkStory(of, fault);
  checkCauses(events, journeys, fault);
  checkAnswers(told, journeys, fault);
  for (const { owner, orders } of finals) checkFinal(owner, orders, told, fault);
  checkReductions(events, cartEvents, journeys, fault);
  return violations;
}

function checkStory(of: readonly OrderArrival[], fault: NoteViolation): void {
  for (const [at, { subject, type, version, data }] of of.entries()) {
    const { status } = data;
    const isDue = at === 0 ? status === "placed" : follows(of[at - 1]!.data.status, status);
    if (version !== at + 1 || data.version !== version || !isDue || type !== `order.${status}`)
      fault("order-version", data.owner, `order ${subject}: ${type} ${version} came as number ${at + 1}`);
    if (linesText(data.items) !== linesText(of[0]!.data.items))
      fault("order-lines", data.owner, `order ${subject}: ${type} has other lines than at first`);
  }
}

function checkCauses(
  events: readonly OrderArrival[],
  journeys: readonly JourneyAttempt[],
  fault: NoteViolation,
): void {
  const attemptOf = new Map(journeys.map((attempt) => [attempt.trace, attempt]));
  const orderOfKey = new Map<string, string>();
  for (const { subject, type, trace, data } of events) {
    const attempt = attemptOf.get(trace ?? "");
    const fits =
      attempt?.owner === data.owner &&
      type === `order.${STATUS_BY[attempt.operation]}` &&
      (attempt.operation === "checkout" || attempt.orderId === subject);
    if (!fits) {
      fault("order-invented", data.owner, `${type} of ${subject} was asked for by nobody`);
      continue;
    }
    if (attempt.outcome.kind === "refused")
      fault("refused-yet-done", data.owner, `${type} of ${subject} was refused: ${journeyText(attempt)}`);
    const { operation, key } = attempt;
    const other = orderOfKey.get(`${operation} ${key}`);
    if (other !== undefined) fault("order-twice", data.owner, `the key ${key} made ${other} and ${subject}`);
    orderOfKey.set(`${operation} ${key}`, subject);
  }
}

type Told = ReadonlyMap<string, readonly OrderArrival[]>;

/** An order that was shown is told of as it was shown. */
function wrongOrder({ id, status, version, items }: SeenOrder, told: Told): string | null {
  const event = told.get(id)?.find((each) => each.version === version);
  if (!event) return "order-without-event";
  return event.data.status === status && linesText(event.data.items) === linesText(items)
    ? null
    : "order-differs";
}

function checkAnswers(told: Told, journeys: readonly JourneyAttempt[], fault: NoteViolation): void {
  for (const attempt of journeys) {
    const { operation, outcome, owner } = attempt;
    if (operation === "merge") continue;
    if (wronglyRefused(attempt) || refusedInVain(attempt, told.get(attempt.orderId ?? "") ?? []))
      fault("wrong-refusal", owner, `${journeyText(attempt)}: ${JSON.stringify(outcome)}`);
    if (outcome.kind !== "done" || outcome.order === null) continue;
    const isOther = !outcome.replayed && outcome.order.status !== STATUS_BY[operation];
    const rule = isOther ? "order-differs" : wrongOrder(outcome.order, told);
    if (rule !== null) fault(rule, owner, `${journeyText(attempt)} showed ${JSON.stringify(outcome.order)}`);
  }
}

function checkFinal(owner: string, orders: readonly SeenOrder[], told: Told, fault: NoteViolation): void {
  const listed = new Map(orders.map((order) => [order.id, order]));
  for (const order of orders) {
    const rule = wrongOrder(order, told);
    if (rule !== null) fault(rule, owner, `at rest: ${JSON.stringify(order)}`);
  }
  for (const [id, of] of told) {
    const last = of.at(-1)!;
    if (last.data.owner !== owner) continue;
    const order = listed.get(id);
    if (!order) fault("event-without-order", owner, `${last.type} of ${id}, and there is no such order`);
    else if (order.version !== last.version)
      fault("order-differs", owner, `order ${id} is at ${order.version}, the last event at ${last.version}`);
  }
}
