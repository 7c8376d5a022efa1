import { expect } from "chai";
import { Registry } from "../../platform/metrics/metrics.ts";
import { openPartition, testDelivery } from "../../testkit/deliveries.ts";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import { createRelayMetrics } from "../metrics.ts";
import type { Refusal } from "../store/store.ts";
import { createRefusals } from "./refusals.ts";
import { createSubjectQueues, MOST_BEHIND } from "./subject-queues.ts";

const RETRY_MS = 100;

/** What writes refusals down answers as told: a database cannot be made to fail at a chosen write. */
function scene({ maxAttempts = 3, written = async () => true } = {}) {
  const partition = openPartition();
  const queues = createSubjectQueues();
  const noted: Refusal[] = [];
  const pauses: number[] = [];
  const dead: string[] = [];
  const metrics = createRelayMetrics(new Registry());
  const { refused } = createRefusals({
    maxAttempts,
    retryMs: RETRY_MS,
    marker: {
      refused: (refusal) => {
        noted.push(refusal);
        return written();
      },
    },
    queues,
    sending: { retryLater: (_delivery, delayMs) => pauses.push(delayMs) },
    waits: (delivery) => queues.trim(delivery),
    dead: ({ subject }) => dead.push(subject),
    metrics,
    log: recordingLogger().log,
  });
  for (const sequence of [1, 2]) queues.enter(testDelivery(partition, "cart", sequence));
  const delivery = queues.next()!;
  const counted = async () =>
    Object.fromEntries(
      (await metrics.published.get()).values.map(({ labels, value }) => [labels.result, value]),
    );
  return { refused, partition, queues, delivery, noted, pauses, dead, counted };
}

describe("A message that the broker refuses", () => {
  it("is tried again after pauses that double, then parked with its subject", async () => {
    const { refused, delivery, noted, pauses, dead, queues, counted } = scene();
    for (let attempt = 1; attempt <= 2; attempt++) await refused(delivery, "no", "message");
    expect([pauses, dead, queues.held()]).to.deep.equal([[RETRY_MS, 2 * RETRY_MS], [], 2]);
    await refused(delivery, "still no", "message");
    expect([pauses.length, dead, queues.held()]).to.deep.equal([2, ["cart"], 0]);
    expect(noted.map(({ attempts, dead, error }) => [attempts, dead, error])).to.deep.equal([
      [1, false, "no"],
      [2, false, "no"],
      [3, true, "still no"],
    ]);
    expect(await counted()).to.deep.equal({ accepted: 0, deferred: 0, refused: 2, unknown: 0, dead: 1 });
  });

  it("keeps only so many of its subject in memory while it waits", async () => {
    const { refused, delivery, partition, queues } = scene();
    for (let sequence = 3; sequence <= 100; sequence++)
      queues.enter(testDelivery(partition, "cart", sequence));
    await refused(delivery, "no", "message");
    expect([queues.held(), delivery.trimmed]).to.deep.equal([1 + MOST_BEHIND, true]);
  });

  it("waits at most 30 s for its next attempt", async () => {
    const { refused, delivery, pauses } = scene({ maxAttempts: 100 });
    delivery.attempts = 50;
    await refused(delivery, "no", "message");
    expect(pauses).to.deep.equal([30_000]);
  });

  it("is parked at once when it cannot be encoded", async () => {
    const { refused, delivery, dead, pauses } = scene();
    await refused(delivery, "no such type", "encoding");
    expect([dead, pauses]).to.deep.equal([["cart"], []]);
  });

  it("is left alone when the fence held the refusal off, or its partition was lost", async () => {
    const { refused, delivery, pauses, dead, queues, noted, partition } = scene({
      written: async () => false,
    });
    await refused(delivery, "no", "encoding");
    expect([pauses, dead, queues.held()]).to.deep.equal([[], [], 2]);
    partition.phase = "lost";
    await refused(delivery, "no", "encoding");
    expect(noted).to.have.length(1);
  });

  it("is tried again, and not counted, when the refusal could not be written", async () => {
    const { refused, delivery, pauses, dead } = scene({
      written: () => Promise.reject(new Error("the database is away")),
    });
    await refused(delivery, "no", "encoding");
    expect([pauses, dead, delivery.attempts]).to.deep.equal([[RETRY_MS], [], 0]);
  });
});
