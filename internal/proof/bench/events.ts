import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { CART_EVENTS } from "../../cart/events.ts";
import type { EventEnvelope } from "../../platform/event/event.ts";
import { createLogger } from "../../platform/logger/logger.ts";
import { openOutbox } from "../../testkit/outbox.ts";
import { ask, connectTo } from "../../testkit/servers/database.ts";
import type { Stage } from "./stage.ts";

const PARTITIONS = 64;
const EVENTS_PER_CART = 10;
const BATCH = 2_000;

/** Events as carts of five lines make them: ten a cart, the carts of a thousand interleaved. */
export function* cartEvents(count: number): Generator<EventEnvelope> {
  const block = 1_000 * EVENTS_PER_CART;
  let carts: string[] = [];
  for (let n = 0; n < count; n++) {
    if (n % block === 0) carts = Array.from({ length: 1_000 }, () => randomUUID());
    const cart = n % 1_000;
    const version = 1 + Math.floor((n % block) / 1_000);
    yield cartEvent(carts[cart]!, cart % PARTITIONS, version);
  }
}

function cartEvent(subject: string, partition: number, version: number): EventEnvelope {
  const items = Array.from({ length: 5 }, (_, n) => ({ productId: `bench-tent-00${n}`, quantity: version }));
  const change = { type: "item-added", productId: "bench-tent-000", quantity: 1 };
  const data = { owner: `user:${subject}`, change, cartId: subject, version, items };
  return {
    id: randomUUID(),
    partition,
    ...CART_EVENTS,
    type: "cart.updated",
    subject,
    sequence: version,
    data: JSON.stringify({ ...data, expiresAt: "2026-11-24T12:00:00.000Z" }),
    traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    occurredAt: Date.now(),
  };
}

/** Empties the outbox and the queue, then fills the outbox with a backlog. */
export async function fillOutbox(stage: Stage, count: number): Promise<void> {
  await emptyOutbox(stage);
  const store = openOutbox(stage.database.appUrl, createLogger("bench", "error"));
  try {
    let batch: EventEnvelope[] = [];
    for (const event of cartEvents(count)) {
      batch.push(event);
      if (batch.length < BATCH) continue;
      await store.append(batch.toSorted((a, b) => a.partition - b.partition));
      batch = [];
    }
    if (batch.length > 0) await store.append(batch);
  } finally {
    await store.close();
  }
}

export async function emptyOutbox(stage: Stage): Promise<void> {
  await ask(stage.database.url, "TRUNCATE TABLE outbox_event");
  await emptyQueue(stage);
}

/** Resolves once every event of the outbox is marked published; rejects when nothing moves for a minute. */
export async function allPublished(stage: Stage): Promise<void> {
  const connection = connectTo(stage.database.url);
  try {
    // In the order of the index over what is pending: any other takes longer the more is published.
    const next = `SELECT seq FROM outbox_event WHERE published_at IS NULL AND dead_at IS NULL
                   ORDER BY partition_no, seq OFFSET 0 ROWS FETCH NEXT 1 ROWS ONLY`;
    let [last, movedAt] = ["", Date.now()];
    for (;;) {
      const seq = (await connection.rows<{ seq: string }>(next))[0]?.seq;
      if (seq === undefined) return;
      if (seq !== last) [last, movedAt] = [seq, Date.now()];
      else if (Date.now() - movedAt > 60_000) throw new Error(`event ${seq} is not published`);
      await delay(50);
    }
  } finally {
    await connection.close();
  }
}

export async function emptyQueue(stage: Stage): Promise<void> {
  await stage.rabbit.manage("DELETE", "queues/%2F/cart.events.demo/contents");
}
