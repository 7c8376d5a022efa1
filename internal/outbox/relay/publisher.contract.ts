import { randomUUID } from "node:crypto";
import { expect } from "chai";
import type { EventEnvelope } from "../../platform/event/event.ts";
import { ORIGIN } from "../../testkit/event-origin.ts";
import type { Publisher } from "./publisher.ts";

/** A publisher under test, with a broker that accepts and that can go away and come back. */
export interface PublisherBench {
  readonly publisher: Publisher;
  /** The broker's own record, in order of arrival; resolves once it has `count` different ids. */
  arrived(count: number): Promise<Pick<EventEnvelope, "id" | "subject" | "sequence" | "type" | "data">[]>;
  /** Ends the connection as a crash of the broker does, and keeps the broker away. */
  breakBroker(): Promise<void>;
  mendBroker(): Promise<void>;
  close(): Promise<void>;
}

let carts = 0;

/** An event like any other; what matters to a test is given. */
export function anEvent(fields: Partial<EventEnvelope> = {}): EventEnvelope {
  const sequence = fields.sequence ?? 1;
  return {
    id: randomUUID(),
    partition: 0,
    ...ORIGIN,
    type: "cart.updated",
    subject: `cart-${++carts}`,
    sequence,
    data: JSON.stringify({ sequence, text: "é🛒" }),
    traceparent: null,
    occurredAt: Date.now(),
    ...fields,
  };
}

/** What every Publisher must do, on an accepting broker and on one that goes away. */
export function describePublisher(name: string, factory: () => Promise<PublisherBench>): void {
  describe(`${name}, as a Publisher`, () => {
    let bench: PublisherBench;
    beforeEach(async function () {
      this.timeout(60_000);
      bench = await factory();
      await bench.publisher.ready(AbortSignal.timeout(30_000));
    });
    afterEach(async function () {
      this.timeout(60_000);
      await bench.close();
    });

    it("delivers an event as it is, and says accepted", async () => {
      const event = anEvent({ type: "cart.cleared", sequence: 7 });
      expect(await bench.publisher.publish(event)).to.deep.equal({ kind: "accepted" });
      const [got] = await bench.arrived(1);
      const { id, type, subject, sequence, data } = event;
      expect(got).to.deep.include({ id, type, subject, sequence, data });
      expect(bench.publisher.fault()).to.equal(null);
    });

    it("keeps many in flight, and keeps the order of one subject whose events follow one another", async () => {
      const queues = Array.from({ length: 20 }, async (_, queue) => {
        for (let sequence = 1; sequence <= 10; sequence++)
          expect(
            await bench.publisher.publish(anEvent({ subject: `queue-${queue}`, sequence })),
          ).to.deep.equal({
            kind: "accepted",
          });
      });
      await Promise.all(queues);
      const sequences = new Map<string, number[]>();
      for (const { subject, sequence } of await bench.arrived(200))
        sequences.set(subject, [...(sequences.get(subject) ?? []), sequence]);
      expect(sequences.size).to.equal(20);
      for (const seen of sequences.values()) expect(seen).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    });

    it("answers unknown at once while the broker is away, says why, and works again when it is back", async function () {
      this.timeout(60_000);
      await bench.breakBroker();
      await until(() => bench.publisher.fault() !== null);
      const before = performance.now();
      const outcome = await bench.publisher.publish(anEvent());
      expect(outcome).to.include({ kind: "unknown", sessionFault: false });
      expect(performance.now() - before).to.be.below(1_000);
      await bench.mendBroker();
      await bench.publisher.ready(AbortSignal.timeout(40_000));
      expect(bench.publisher.fault()).to.equal(null);
      const event = anEvent();
      expect(await bench.publisher.publish(event)).to.deep.equal({ kind: "accepted" });
      expect((await bench.arrived(1)).map(({ id }) => id)).to.include(event.id);
    });

    it("gives everything in flight an outcome when the broker goes away", async function () {
      this.timeout(60_000);
      const answers = Array.from({ length: 200 }, () => bench.publisher.publish(anEvent()));
      await bench.breakBroker();
      for (const { kind } of await Promise.all(answers)) expect(kind).to.be.oneOf(["accepted", "unknown"]);
      await bench.mendBroker();
    });

    it("lets go of ready() when the signal aborts", async function () {
      this.timeout(60_000);
      await bench.breakBroker();
      await until(() => bench.publisher.fault() !== null);
      const abort = new AbortController();
      const waiting = bench.publisher.ready(abort.signal);
      abort.abort(new Error("no longer"));
      expect(await waiting.catch((err: Error) => err.message)).to.equal("no longer");
      await bench.mendBroker();
    });

    it("waits for what is in flight when it closes, and takes nothing more", async () => {
      const answers = Array.from({ length: 50 }, () => bench.publisher.publish(anEvent()));
      await bench.publisher.close();
      for (const outcome of await Promise.all(answers)) expect(outcome).to.deep.equal({ kind: "accepted" });
      expect(await bench.publisher.publish(anEvent())).to.include({ kind: "unknown" });
      expect(bench.publisher.fault()).to.be.a("string");
      expect(
        await bench.publisher.ready(AbortSignal.timeout(5_000)).catch((err: Error) => err.message),
      ).to.match(/closed/);
    });
  });
}

/** Polls until `holds`; fails after `timeoutMs`. */
export async function until(holds: () => boolean, timeoutMs = 30_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`not so within ${timeoutMs} ms: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
