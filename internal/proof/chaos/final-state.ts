import { setTimeout as delay } from "node:timers/promises";
import type { HttpClient } from "../../testkit/http-client.ts";
import type { FinalCart, FinalOrders, SeenOrder } from "./check/history.ts";
import { operationNamed } from "./check/operations.ts";
import { seenOrder } from "./journeys.ts";
import { operate, type Shopper, send } from "./requests.ts";
import { MOST_ATTEMPTS } from "./tab.ts";

/** Short, so that most owners have more than one page. */
const ORDERS_OF_A_PAGE = 5;
const PAUSE_MS = 500;

const NOTHING = { productId: null, quantity: null, key: null, ifMatch: null };

/** Reads a cart of somebody who does nothing any more. */
export async function readCart(client: HttpClient, shopper: Shopper): Promise<FinalCart> {
  return patiently(`the cart of ${shopper.name}`, async () => {
    const { attempt } = await operate(client, shopper, operationNamed("read"), NOTHING);
    const { outcome, from, to } = attempt;
    if (outcome.kind !== "done") throw new Error(JSON.stringify(outcome));
    return { owner: shopper.name, cart: outcome.cart, from, to };
  });
}

/** Lists all orders, page by page. */
export async function readOrders(client: HttpClient, shopper: Shopper): Promise<FinalOrders> {
  const orders: SeenOrder[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const more: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const page: Page = await patiently(`the orders of ${shopper.name}`, async () => {
      const path = `/api/orders?limit=${ORDERS_OF_A_PAGE}${more}`;
      const { answer } = await send<Page>(client, shopper, { method: "GET", path });
      if (!("status" in answer) || answer.status !== 200) throw new Error(JSON.stringify(answer));
      return answer.body;
    });
    orders.push(...page.items.map(seenOrder));
    cursor = page.nextCursor;
  }
  return { owner: shopper.name, orders };
}

interface Page {
  readonly items: readonly SeenOrder[];
  readonly nextCursor: string | null;
}

async function patiently<T>(what: string, read: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read();
    } catch (cause) {
      if (attempt === MOST_ATTEMPTS) throw new Error(`${what} cannot be read`, { cause });
      await delay(PAUSE_MS);
    }
  }
}
