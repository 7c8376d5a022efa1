import { randomUUID } from "node:crypto";
import type { JourneyAttempt } from "./check/history.ts";
import { move } from "./journeys.ts";
import type { Tab } from "./tab.ts";

/*
 * What other services do with orders, straight at a cart process and not through a gateway: one says that an
 * order is paid, another that it is fulfilled; in turn or not, and again with the same key.
 */

const STATUSES: Readonly<Partial<Record<JourneyAttempt["operation"], string>>> = {
  pay: "paid",
  fulfil: "fulfilled",
};

/** Pays for one of the orders, or fulfils it. */
export async function drive(tab: Tab, operation: "pay" | "fulfil"): Promise<void> {
  const { random, orders } = tab;
  const chosen = [...orders][random(orders.size)];
  if (chosen === undefined) return;
  const [orderId, by] = chosen;
  if (operation === "fulfil" && random(3) === 0) orders.delete(orderId);
  const { client, headers } = await tab.service();
  const request = {
    method: "POST",
    path: `/orders/${orderId}/transitions`,
    body: { to: STATUSES[operation] },
    key: randomUUID(),
    headers,
  };
  const deed = { by, orderId, client };
  const done = await move(tab, request, { operation, ...deed });
  if (random(4) > 0 || !done.some(({ outcome }) => outcome.kind === "done")) return;
  // The key, for the other status.
  const other = operation === "pay" ? "fulfil" : "pay";
  const body = { to: STATUSES[other] };
  await move(tab, { ...request, body }, { operation: other, ...deed, attempts: 1 });
}
