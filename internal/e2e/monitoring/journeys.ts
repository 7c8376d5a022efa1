import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Platform } from "../../testkit/processes/platform.ts";
import { type Answer, request, type Shopper, shopperAt } from "../../testkit/shopper.ts";

/** Who shops until told to stop. */
export interface Journeys {
  /** What was not answered as it should be the last time; null when all was. The next journey begins anew. */
  fault(): Error | null;
  stop(): Promise<void>;
}

/**
 * One shopper after the other goes the whole way: fills a cart as a guest, signs in, merges, orders, asks for
 * the order once more, cancels; and is refused what cannot be done.
 */
export function startJourneys(platform: Platform): Journeys {
  let stopped = false;
  let fault: Error | null = null;
  const going = (async () => {
    while (!stopped) {
      await journey(platform).catch((error: Error) => {
        fault = error;
      });
      await delay(100);
    }
  })();
  return {
    fault: () => fault,
    stop: async () => {
      stopped = true;
      await going;
    },
  };
}

async function journey(platform: Platform): Promise<void> {
  const { gatewayUrl } = platform;
  const session = await request(gatewayUrl, "POST", "/api/session");
  const guestToken: string = session.body.accessToken;
  const guest = await shopperAt(gatewayUrl, guestToken);
  await expectStatus(200, guest.add("mug-steel", 1));
  const user = await shopperAt(gatewayUrl, await platform.token(`journey-${randomUUID()}`));
  await expectStatus(200, user.call("POST", "/api/cart/merge", { body: { guestToken } }));
  const { items } = (await user.cart()).body;
  const key = randomUUID();
  const { order } = await expectStatus(201, checkout(user, items, key));
  await expectStatus(201, checkout(user, items, key));
  await expectStatus(409, checkout(user, items, randomUUID()));
  const cancel = () => user.call("POST", `/api/orders/${order.id}/cancel`);
  await expectStatus(200, cancel());
  await expectStatus(409, cancel());
}

function checkout(by: Shopper, items: unknown, key: string): Promise<Answer> {
  return by.call("POST", "/api/cart/checkout", { body: { items }, headers: { "idempotency-key": key } });
}

async function expectStatus(status: number, answer: Promise<Answer>): Promise<Answer["body"]> {
  const { status: got, body } = await answer;
  if (got !== status) throw new Error(`answered ${got} in place of ${status}: ${JSON.stringify(body)}`);
  return body;
}
