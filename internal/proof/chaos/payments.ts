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
  await move(tab, request, { operation, by, orderId, client });
}
