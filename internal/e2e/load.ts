import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { checkPerCartOrder, type EventConsumer } from "../testkit/event-consumer.ts";
import { eventually } from "../testkit/eventually.ts";
import type { Platform } from "../testkit/processes/platform.ts";
import { type Shopper, shopperAt } from "../testkit/shopper.ts";

/** What a run of shoppers has seen. */
export interface LoadReport {
  /** Changes that were answered 200: cart id and version. */
  readonly acknowledged: readonly { cartId: string; version: number; outbox: string | null }[];
  /** Answers other than 200, and requests without an answer, by status or error. */
  readonly refused: ReadonlyMap<string, number>;
  readonly shoppers: readonly Shopper[];
}

export interface Load {
  /** Changes acknowledged so far. */
  count(): number;
  /** The changes acknowledged from the `from`-th to before the `to`-th. */
  between(from: number, to: number): LoadReport["acknowledged"];
  stop(): Promise<LoadReport>;
}

let runs = 0;

/** How long a shopper rests between two requests, in ms: a server that starts meanwhile needs the CPU too. */
const REST_MS = 15;

/** Lets `shoppers` users add to a cart each, one request after the other, until stopped. */
export async function startLoad(platform: Platform, shoppers = 12): Promise<Load> {
  const run = ++runs;
  const acknowledged: { cartId: string; version: number; outbox: string | null }[] = [];
  const refused = new Map<string, number>();
  const users = await Promise.all(
    Array.from({ length: shoppers }, async (_, index) => {
      return shopperAt(platform.gatewayUrl, await platform.token(`load-${run}-${index}`));
    }),
  );
  let stopped = false;
  const count = (what: string) => refused.set(what, (refused.get(what) ?? 0) + 1);
  const shopping = users.map(async (user) => {
    for (let step = 0; !stopped; step++) {
      try {
        const productId = ["stove-ember", "mug-steel", "lamp-head-400"][step % 3]!;
        const quantity = 1 + (step % 5);
        const answer = await user.call("PUT", `/api/cart/items/${productId}`, { body: { quantity } });
        if (answer.status === 200) {
          const { cartId, version } = answer.body;
          acknowledged.push({ cartId, version, outbox: answer.headers.get("outbox-state") });
        } else count(String(answer.status));
      } catch (error) {
        count((error as Error).name);
      }
      await delay(REST_MS);
    }
  });
  return {
    count: () => acknowledged.length,
    between: (from, to) => acknowledged.slice(from, to),
    stop: async () => {
      stopped = true;
      await Promise.all(shopping);
      return { acknowledged, refused, shoppers: users };
    },
  };
}

/**
 * The verdict: what every acknowledged change's event and every cart's whole
 * history look like at a consumer. No event lost, none invented, per cart the
 * versions from 1 without a gap and in order, repeats only with the same id.
 */
export async function expectNothingLost(
  report: LoadReport,
  consumer: EventConsumer,
  timeoutMs = 60_000,
): Promise<void> {
  const carts = await eventually(
    "every cart can be read",
    async () => {
      const answers = await Promise.all(report.shoppers.map((shopper) => shopper.cart()));
      return answers.every((answer) => answer.status === 200) ? answers.map((answer) => answer.body) : null;
    },
    { timeoutMs: 30_000, intervalMs: 100 },
  );
  const final = new Map<string, number>(
    carts.filter((cart) => cart.cartId).map((cart) => [cart.cartId, cart.version]),
  );
  const versionsOf = () => {
    const seen = new Map<string, Set<number>>();
    for (const { subject, version } of consumer.events) {
      if (!final.has(subject)) continue;
      const versions = seen.get(subject) ?? new Set();
      seen.set(subject, versions.add(version));
    }
    return seen;
  };
  await eventually(
    "every version of every cart has arrived",
    () => {
      const seen = versionsOf();
      for (const [cartId, version] of final) {
        const have = seen.get(cartId)?.size ?? 0;
        if (have < version)
          throw new Error(`cart ${cartId} is at version ${version}, ${have} events arrived`);
      }
      return true;
    },
    { timeoutMs, intervalMs: 100 },
  );
  const ours = consumer.events.filter((event) => final.has(event.subject));
  expect(checkPerCartOrder(ours, 1)).to.deep.equal([]);
  for (const [cartId, versions] of versionsOf()) expect(versions.size, cartId).to.equal(final.get(cartId));
  for (const { cartId, version } of report.acknowledged) {
    expect(final.get(cartId), `acknowledged version ${version} of ${cartId}`).to.be.at.least(version);
  }
}
