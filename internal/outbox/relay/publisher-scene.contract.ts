import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { consumeEvents, type EventConsumer } from "../../testkit/event-consumer.ts";
import type { RabbitServer } from "../../testkit/servers/rabbitmq.ts";
import { anEvent } from "./publisher.contract.ts";
import type { Publisher } from "./publisher.ts";

export const SET_UP = { exchange: "cart.events" };

/** A durable queue of the test's own that gets every cart event, and a consumer on it. */
export async function tap(rabbit: RabbitServer): Promise<EventConsumer & { remove(): Promise<void> }> {
  const queue = `cart.events.test-${randomUUID()}`;
  await rabbit.manage("PUT", `queues/%2F/${queue}`, { durable: true });
  await rabbit.manage("POST", `bindings/%2F/e/cart.events/q/${queue}`, { routing_key: "cart.#" });
  const consumer = await consumeEvents({ url: rabbit.consumerUrl, queue });
  return {
    ...consumer,
    waitFor: (goal, timeoutMs) =>
      consumer.waitFor(goal, timeoutMs).catch(async (vain: Error) => {
        throw new Error(`${vain.message}; the broker: ${await heldBy(rabbit, queue)}`, { cause: vain });
      }),
    remove: async () => {
      await consumer.close();
      await rabbit.manage("DELETE", `queues/%2F/${queue}`);
    },
  };
}

/** What the broker says of a queue whose messages are waited for in vain; its counts are up to 5 s old. */
async function heldBy(rabbit: RabbitServer, queue: string): Promise<string> {
  try {
    const of = `queues/%2F/${queue}`;
    const known = (await rabbit.manage("GET", of)) as Record<string, unknown>;
    const { state, consumers, messages_ready: ready, messages_unacknowledged: unacknowledged } = known;
    const bindings = (await rabbit.manage("GET", `${of}/bindings`)) as { source: string }[];
    const sources = bindings.map(({ source }) => source || "(default)");
    return JSON.stringify({ state, consumers, ready, unacknowledged, sources, moved: known.message_stats });
  } catch (error) {
    return String(error);
  }
}

/**
 * Publishes versions `from` to `to` of so many carts, one at a
 * time per cart, each again while its outcome is unknown.
 */
export async function publishCarts(
  publisher: Publisher,
  carts: string[],
  from: number,
  to: number,
): Promise<number> {
  let unknown = 0;
  await Promise.all(
    carts.map(async (subject) => {
      for (let sequence = from; sequence <= to; sequence++) {
        const event = anEvent({ subject, sequence });
        for (;;) {
          const outcome = await publisher.publish(event);
          if (outcome.kind === "accepted") break;
          expect(outcome.kind).to.equal("unknown");
          unknown++;
          await publisher.ready(AbortSignal.timeout(60_000));
        }
      }
    }),
  );
  return unknown;
}

export const names = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${prefix}-${i}`);
