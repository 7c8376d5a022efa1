import type { Difference } from "./answers.ts";
import type { CatalogVersion } from "./catalog-seen.ts";
import { type Sold, soldBy, statesIn } from "./catalog-sold.ts";
import type { Fault, JourneyAttempt, OrderArrival, PricedLine, Violation } from "./history.ts";
import { journeyText } from "./journeys.ts";

/**
 * An order charges for each line what was agreed to or less, and what the catalog had when it was asked, with
 * as much in stock. A checkout is refused with PRICE_CHANGED or OUT_OF_STOCK where the catalog was so that
 * the shopper's consent did not hold, with each such line as it was agreed to and as it is.
 */
export function checkPrices(
  orders: readonly OrderArrival[],
  journeys: readonly JourneyAttempt[],
  versions: readonly CatalogVersion[],
  faults: readonly Fault[],
): Violation[] {
  const sold = soldBy(versions, faults);
  const attemptOf = new Map(journeys.map((attempt) => [attempt.trace, attempt]));
  const wrongOrders = orders.flatMap((order) => {
    const attempt = attemptOf.get(order.trace ?? "");
    return order.type === "order.placed" && attempt?.agreed ? wrongsOf(order, attempt, sold) : [];
  });
  const wrongRefusals = journeys.flatMap((attempt) => {
    const wrong = wrongRefusal(attempt, sold);
    const sentence = `${journeyText(attempt)} ${wrong}`;
    return wrong === null ? [] : [{ rule: "wrong-refusal", owner: attempt.owner, sentence }];
  });
  return [...wrongOrders, ...wrongRefusals];
}

function wrongsOf(
  { subject, occurredAt, data }: OrderArrival,
  attempt: JourneyAttempt,
  sold: Sold,
): Violation[] {
  const of = { owner: data.owner, sentence: "" };
  return data.items.flatMap(({ productId, quantity, unitPrice: { amount, currency } }) => {
    const line = `order ${subject} charges ${amount} ${currency} for each of ${quantity} ${productId}`;
    const agreed = priceOf(attempt.agreed, productId);
    if (agreed === null || agreed < amount)
      return [{ ...of, rule: "order-price", sentence: `${line}, where ${agreed} was agreed to` }];
    const priced = statesIn(sold, productId, attempt.from, occurredAt).filter(
      ({ price }) => price.amount === amount && price.currency === currency,
    );
    if (priced.length === 0)
      return [{ ...of, rule: "order-price", sentence: `${line}, which was not the price then` }];
    const isThere = priced.some(({ stock }) => stock >= quantity);
    return isThere ? [] : [{ ...of, rule: "order-stock", sentence: `${line}, which was not in stock` }];
  });
}

/** Why a refusal must not be; null when it may. */
function wrongRefusal(attempt: JourneyAttempt, sold: Sold): string | null {
  const { outcome, agreed, from, to } = attempt;
  if (outcome.kind !== "refused" || agreed === null) return null;
  const holds = HOLDS[outcome.code];
  if (!holds) return null;
  const lines = outcome.lines ?? [];
  const wrong = lines.find(
    (line) => !statesIn(sold, line.productId, from, to).some((state) => holds(line, agreed, state)),
  );
  if (wrong || lines.length === 0)
    return `was refused ${outcome.code} for no reason: ${JSON.stringify(wrong)}`;
  const listed = lines.map(({ productId }) => productId);
  const left = agreed.find(
    (line) =>
      !listed.includes(line.productId) &&
      statesIn(sold, line.productId, from, to).every((state) => BREAKS[outcome.code]!(line, state)),
  );
  return left ? `was refused ${outcome.code}, and nothing was said of ${left.productId}` : null;
}

type State = ReturnType<typeof statesIn>[number];

/** Whether a line of a problem is true of what was agreed to and of a state of the catalog. */
const HOLDS: Readonly<
  Record<string, (line: Difference, agreed: readonly PricedLine[], state: State) => boolean>
> = {
  PRICE_CHANGED: ({ productId, was, now }, agreed, { price }) =>
    was.unitPrice?.amount === priceOf(agreed, productId) &&
    now.unitPrice?.amount === price.amount &&
    price.amount > was.unitPrice!.amount,
  OUT_OF_STOCK: ({ productId, was, now }, agreed, { stock }) =>
    was.quantity === agreed.find((line) => line.productId === productId)?.quantity &&
    now.stock === stock &&
    stock < was.quantity!,
};

/** Whether a state of the catalog is a reason for such a problem. */
const BREAKS: Readonly<Record<string, (line: PricedLine, state: State) => boolean>> = {
  PRICE_CHANGED: ({ unitPrice }, { price }) => price.amount > unitPrice.amount,
  OUT_OF_STOCK: ({ quantity }, { stock }) => stock < quantity,
};

const priceOf = (agreed: readonly PricedLine[] | null, productId: string): number | null =>
  agreed?.find((line) => line.productId === productId)?.unitPrice.amount ?? null;
