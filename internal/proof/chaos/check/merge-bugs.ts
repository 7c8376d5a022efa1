import { answered, answering, type Bug, changes, one, ordersOf, twice, without } from "./falsify.ts";
import type { History, PricedLine, Strategy } from "./history.ts";
import type { Random } from "./operations.ts";

/** What a platform could do wrong with merges. */
export const MERGE_BUGS = {
  "merge-lost": {
    does: "takes a guest's cart and gives it to nobody",
    rule: "merge-lost",
    falsify: (history, random) => {
      // Of those with max, the cart may have held as much already.
      const sums = history.journeys.filter(({ strategy }) => strategy === "sum");
      const summed = new Set(sums.map(({ trace }) => trace));
      const gains = changes(history, "merged").filter(({ trace }) => summed.has(trace ?? ""));
      return without(history, "arrivals", one(gains, random));
    },
  },
  "merge-twice": {
    does: "gives a guest's cart twice",
    rule: "merge-twice",
    falsify: (history, random) => twice(history, "arrivals", one(changes(history, "merged"), random), {}),
  },
  "merge-invented": {
    does: "gives what no guest had",
    rule: "merge-invented",
    falsify: (history, random) => {
      const given = new Set(changes(history, "merged").map(({ data }) => data.change.from));
      const takes = changes(history, "cart-merged").filter(({ subject }) => given.has(subject));
      return without(history, "arrivals", one(takes, random));
    },
  },
  "piece-twice": {
    does: "gives a user what the guest has ordered",
    rule: "piece-twice",
    falsify: (history, random) => {
      const takes = changes(history, "cart-merged");
      const {
        subject: cartId,
        version,
        data,
      } = one(
        takes.filter((take) => take.data.change.lines?.length),
        random,
      );
      const victim = one(ordersOf(history, "placed"), random);
      const unitPrice = { amount: 1, currency: "EUR" };
      const items = data.change.lines!.map((line) => ({ ...line, unitPrice }));
      const order = { ...victim.data, owner: data.owner, items, cartId, cartVersion: version - 1 };
      return twice(history, "orderArrivals", victim, { subject: `${victim.subject}-again`, data: order });
    },
  },
  "piece-lost": {
    does: "takes more out of a guest's cart than was ordered",
    rule: "piece-lost",
    falsify: (history, random) => {
      const reduced = new Set(changes(history, "ordered").map(({ data }) => data.change.orderId ?? ""));
      const guests = ordersOf(history, "placed").filter(
        ({ subject, data }) => data.owner.startsWith("guest:") && reduced.has(subject),
      );
      const { subject } = one(guests, random);
      const less = (items: readonly PricedLine[]) =>
        items.map((line) => ({ ...line, quantity: line.quantity - 1 }));
      const orderArrivals = history.orderArrivals.map((each) =>
        each.subject === subject ? { ...each, data: { ...each.data, items: less(each.data.items) } } : each,
      );
      return { ...history, orderArrivals };
    },
  },
  "keep-user": {
    does: "adds to what a user shall keep",
    rule: "wrong-report",
    falsify: (history, random) => addingBy(history, random, "keep-user"),
  },
  "keep-guest": {
    does: "adds a user's pieces where the guest's shall stay",
    rule: "wrong-report",
    falsify: (history, random) => addingBy(history, random, "keep-guest"),
  },
  "conflict-alone": {
    does: "refuses a merge that nobody is in the way of",
    rule: "wrong-refusal",
    falsify: (history, random) => {
      const [guest, owner] = ["guest:nobody", "user:nobody"];
      const victim = one(
        answered(history).filter(({ operation }) => operation === "merge"),
        random,
      );
      const outcome = { kind: "refused", status: 409, code: "MERGE_CONFLICT" } as const;
      const alone = { ...victim, trace: `${victim.trace}-x`, owner, guest, outcome };
      return { ...history, journeys: [...history.journeys, alone] };
    },
  },
  "wrong-report": {
    does: "reports more than a merge gave",
    rule: "wrong-report",
    falsify: (history, random) => {
      const merges = answered(history).filter(({ outcome }) =>
        outcome.report.some(({ guestQuantity }) => guestQuantity > 0),
      );
      const victim = one(merges, random);
      const report = victim.outcome.report.map((line) => ({ ...line, quantity: line.quantity + 1 }));
      return answering(history, victim, { ...victim.outcome, report });
    },
  },
} as const satisfies Record<string, Bug>;

/** The history in which a merge by a strategy that adds nothing reports the sum. */
function addingBy(history: History, random: Random, strategy: Strategy): History {
  // Not one that was given the outcome of an earlier merge, by another strategy.
  const taken = new Set(changes(history, "cart-merged").map(({ trace }) => trace));
  const joined = answered(history).filter(
    (each) =>
      each.strategy === strategy &&
      taken.has(each.trace) &&
      each.outcome.report.some(({ guestQuantity, userQuantity }) => guestQuantity > 0 && userQuantity > 0),
  );
  const victim = one(joined, random);
  const report = victim.outcome.report.map((line) => ({
    ...line,
    outcome: "merged",
    quantity: line.guestQuantity + line.userQuantity,
  }));
  return answering(history, victim, { ...victim.outcome, report });
}
