import { describe } from "./attribution.ts";
import type { CatalogVersion } from "./catalog-seen.ts";
import { soldBy, statesIn } from "./catalog-sold.ts";
import type { Arrival, Attempt, Fault, Line, Violation } from "./history.ts";

/** For how long a cart takes a product from memory, ms, with what timers may be late. */
const REMEMBERED_MS = 1_500;

/**
 * What puts pieces into a cart leaves no more there than the catalog had lately, and is refused with
 * OUT_OF_STOCK where it had less than the cart would hold.
 */
export function checkStock(
  events: readonly Arrival[],
  attempts: readonly Attempt[],
  versions: readonly CatalogVersion[],
  faults: readonly Fault[],
): Violation[] {
  const sold = soldBy(versions, faults);
  const stocks = ({ productId, from, to }: Attempt) =>
    statesIn(sold, productId ?? "", from - REMEMBERED_MS, to).map(({ stock }) => stock);
  const eventOf = new Map(events.map((event) => [event.trace, event]));
  const most = mostHeld(events);
  return attempts.flatMap((attempt): Violation[] => {
    const { owner, operation, productId, quantity, outcome, trace } = attempt;
    if (productId === null || quantity === null) return [];
    const held = most.get(`${owner} ${productId}`) ?? 0;
    const fault = (rule: string, what: string) => [{ rule, owner, sentence: `${describe(attempt)} ${what}` }];
    if (outcome.kind === "refused" && outcome.code === "OUT_OF_STOCK") {
      // What an add was refused for is not known; it was no more than the owner has ever had.
      const wanted = quantity + (operation === "add" ? held : 0);
      return stocks(attempt).some((stock) => stock < wanted)
        ? []
        : fault("wrong-refusal", "was refused, and there was enough in stock");
    }
    const event = eventOf.get(trace);
    if (!event || outcome.kind !== "done") return [];
    const left = quantityOf(event.data.items, productId);
    return versions.length === 0 || stocks(attempt).some((stock) => stock >= left)
      ? []
      : fault("over-stock", `left ${left} in the cart, more than there was in stock`);
  });
}

/** By owner and product: the most pieces that any of the owner's carts has had. */
function mostHeld(events: readonly Arrival[]): Map<string, number> {
  const most = new Map<string, number>();
  for (const { data } of events)
    for (const { productId, quantity } of data.items) {
      const key = `${data.owner} ${productId}`;
      most.set(key, Math.max(quantity, most.get(key) ?? 0));
    }
  return most;
}

const quantityOf = (items: readonly Line[], productId: string) =>
  items.find((line) => line.productId === productId)?.quantity ?? 0;
