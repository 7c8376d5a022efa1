import { mock } from "node:test";
import { expect } from "chai";
import { openPartition, testDelivery } from "../../testkit/deliveries.ts";
import type { Delivery } from "./subject-queues.ts";
import { createTroubledKeys } from "./troubled-keys.ts";

const [FIRST_MS, MOST_MS] = [100, 800];

/** On a clock that the test moves; the pauses have no jitter. */
function scene(mostWaiting = 10) {
  const partition = openPartition();
  const sent: string[] = [];
  const shed: string[] = [];
  const counts: number[] = [];
  const seen = { alone: 0, rereads: 0, waits: 0 };
  const keys = createTroubledKeys({
    firstMs: FIRST_MS,
    mostMs: MOST_MS,
    mostWaiting,
    shed: ({ event }) => shed.push(event.id),
    reread: () => seen.rereads++,
    waits: () => seen.waits++,
    ready: (deliveries, alone) => {
      sent.push(...deliveries.map(({ event }) => event.id));
      if (alone) seen.alone++;
    },
    changed: (troubled) => counts.push(troubled),
  });
  const delivery = (subject: string, type?: string) => testDelivery(partition, subject, 1, type);
  /** What was sent since the last look. */
  const sentNow = () => sent.splice(0);
  return { keys, partition, delivery, sentNow, shed, counts, seen };
}

/** Each has to wait. */
function hold(keys: ReturnType<typeof scene>["keys"], deliveries: readonly Delivery[]): void {
  for (const delivery of deliveries) expect(keys.hold(delivery)).to.equal(true);
}

describe("A routing key whose messages the broker does not take", () => {
  beforeEach(() => {
    mock.timers.enable({ apis: ["setTimeout"] });
    mock.method(Math, "random", () => 1);
  });
  afterEach(() => mock.reset());

  it("holds what has the key, and nothing else", () => {
    const { keys, delivery, counts, seen } = scene();
    keys.note(delivery("a"), "full");
    expect(keys.hold(delivery("b"))).to.equal(true);
    expect(keys.hold(delivery("c", "cart.cleared"))).to.equal(false);
    expect(counts).to.deep.equal([1]);
    expect(seen.waits).to.equal(2);
    expect(keys.describe()).to.equal("events of type cart.updated wait: a queue is full");
  });

  it("is probed with one delivery after a pause, and with one that was not refused yet", () => {
    const { keys, delivery, sentNow } = scene();
    const [a, b, c] = [delivery("a"), delivery("b"), delivery("c")];
    keys.note(a, "full");
    hold(keys, [b, c]);
    mock.timers.tick(FIRST_MS - 1);
    expect(sentNow()).to.deep.equal([]);
    mock.timers.tick(1);
    expect(sentNow()).to.deep.equal(["b-1"]);
    expect([keys.hold(b), b.waits, c.waits]).to.deep.equal([false, false, true]);
  });

  it("is probed after pauses that double up to a limit, and begin anew once a probe was accepted", () => {
    const { keys, delivery, sentNow } = scene();
    const a = delivery("a");
    for (const pause of [100, 200, 400, 800, 800]) {
      keys.note(a, "unavailable");
      mock.timers.tick(pause - 1);
      expect(sentNow()).to.deep.equal([]);
      mock.timers.tick(1);
      expect(sentNow()).to.deep.equal(["a-1"]);
    }
    const b = delivery("b");
    hold(keys, [b]);
    keys.accepted(a);
    expect(sentNow()).to.deep.equal(["b-1"]);
    keys.note(b, "unavailable");
    mock.timers.tick(FIRST_MS);
    expect(sentNow()).to.deep.equal(["b-1"]);
  });

  it("lets twice as many through each time one is accepted, until nothing waits and all is well", () => {
    const { keys, delivery, sentNow, counts } = scene();
    const [a, b, c, d] = [delivery("a"), delivery("b"), delivery("c"), delivery("d")];
    keys.note(a, "full");
    hold(keys, [b, c, d]);
    mock.timers.tick(FIRST_MS);
    expect(sentNow()).to.deep.equal(["b-1"]);
    keys.accepted(b);
    expect(sentNow()).to.deep.equal(["a-1", "c-1"]);
    keys.accepted(a);
    expect(sentNow()).to.deep.equal(["d-1"]);
    keys.accepted(c);
    expect(keys.describe()).to.not.equal(null);
    keys.accepted(d);
    expect([keys.describe(), keys.hold(delivery("e"))]).to.deep.equal([null, false]);
    expect(counts).to.deep.equal([1, 0]);
    mock.timers.tick(MOST_MS);
    expect(sentNow()).to.deep.equal([]);
  });

  it("lets new ones through beside the probes while fewer than allowed are out", () => {
    const { keys, delivery } = scene();
    const [a, b, c, d] = [delivery("a"), delivery("b"), delivery("c"), delivery("d")];
    keys.note(a, "full");
    hold(keys, [b]);
    mock.timers.tick(FIRST_MS);
    keys.accepted(b);
    expect([keys.hold(c), keys.hold(d)], "two may be out: a and c").to.deep.equal([false, true]);
  });

  it("goes on without one that others pass again and again; that one waits by itself", () => {
    const { keys, delivery, sentNow } = scene();
    const bad = delivery("bad");
    const good = [delivery("b"), delivery("c"), delivery("d")] as const;
    keys.note(bad, "unroutable");
    hold(keys, good);
    mock.timers.tick(FIRST_MS);
    keys.accepted(good[0]);
    expect(sentNow()).to.deep.equal(["b-1", "bad-1", "c-1"]);
    keys.note(bad, "unroutable");
    expect(keys.describe(), "passed once").to.equal(
      "events of type cart.updated wait: no queue is bound to take them",
    );
    keys.accepted(good[1]);
    mock.timers.tick(FIRST_MS);
    keys.accepted(good[2]);
    expect(sentNow()).to.deep.equal(["d-1", "bad-1"]);
    keys.note(bad, "unroutable");
    expect(keys.describe()).to.equal("some events of type cart.updated wait: no queue is bound to take them");
    expect(keys.hold(delivery("e")), "the key goes on").to.equal(false);
    mock.timers.tick(MOST_MS - 1);
    expect(sentNow()).to.deep.equal([]);
    mock.timers.tick(1);
    expect([sentNow(), bad.waits, keys.hold(bad)]).to.deep.equal([["bad-1"], false, false]);
  });

  it("sheds what it has no room for, and asks for it once the rest is through", () => {
    const { keys, delivery, shed, seen } = scene(2);
    const [a, b, c] = [delivery("a"), delivery("b"), delivery("c")];
    keys.note(a, "full");
    hold(keys, [b, c]);
    expect(shed).to.deep.equal(["c-1"]);
    mock.timers.tick(FIRST_MS);
    keys.accepted(b);
    expect(seen.rereads, "a is out, nothing waits").to.equal(1);
    keys.accepted(a);
    expect([seen.rereads, keys.describe()]).to.deep.equal([1, null]);
  });

  it("is probed again when a probe comes back without an answer", () => {
    const { keys, delivery, sentNow } = scene();
    const [a, b] = [delivery("a"), delivery("b")];
    keys.note(a, "full");
    hold(keys, [b]);
    mock.timers.tick(FIRST_MS);
    keys.unanswered(b);
    expect(sentNow()).to.deep.equal(["b-1"]);
    mock.timers.tick(2 * FIRST_MS);
    expect(sentNow()).to.deep.equal(["a-1"]);
  });

  it("takes another probe when one belonged to a partition that was lost", () => {
    const { keys, delivery, sentNow } = scene();
    const lost = openPartition(1);
    const [a, b, c] = [delivery("a"), testDelivery(lost, "b"), testDelivery(lost, "c")];
    keys.note(a, "full");
    hold(keys, [b, c]);
    mock.timers.tick(FIRST_MS);
    expect(sentNow()).to.deep.equal(["b-1"]);
    lost.phase = "lost";
    mock.timers.tick(MOST_MS);
    expect(sentNow(), "c is of the lost partition as well").to.deep.equal(["a-1"]);
  });

  it("is probed alone, and six times less often, where each probe costs the connection", () => {
    const { keys, delivery, sentNow, seen } = scene();
    const [a, b] = [delivery("a"), delivery("b")];
    keys.note(a, "reset");
    expect(keys.hold(b)).to.equal(true);
    expect(keys.describe()).to.equal(
      "events of type cart.updated wait: the broker ends the connection over them",
    );
    mock.timers.tick(6 * FIRST_MS - 1);
    expect(sentNow()).to.deep.equal([]);
    mock.timers.tick(1);
    expect([sentNow(), seen.alone]).to.deep.equal([["b-1"], 1]);
    expect([keys.resets(b), keys.resets(a)]).to.deep.equal([true, false]);
    keys.accepted(b);
    expect([sentNow(), seen.alone], "refused before, so alone").to.deep.equal([["a-1"], 2]);
  });

  it("is probed alone, too, when nothing was there to probe with until now", () => {
    const { keys, partition, delivery, sentNow, seen } = scene();
    const other = openPartition(1);
    keys.note(delivery("a"), "reset");
    partition.phase = "lost";
    mock.timers.tick(6 * FIRST_MS);
    expect(sentNow()).to.deep.equal([]);
    expect(keys.hold(testDelivery(other, "b"))).to.equal(true);
    expect([sentNow(), seen.alone]).to.deep.equal([["b-1"], 1]);
  });

  it("sends no probe once stopped, neither of a key nor of one that waits by itself", () => {
    const { keys, delivery, sentNow } = scene();
    const [a, b] = [delivery("a"), delivery("b")];
    keys.note(a, "reset");
    hold(keys, [b]);
    mock.timers.tick(6 * FIRST_MS);
    keys.accepted(b);
    keys.note(a, "reset");
    sentNow();
    keys.note(delivery("c", "cart.cleared"), "full");
    keys.stop();
    mock.timers.tick(6 * MOST_MS);
    expect([sentNow(), keys.describe()]).to.deep.equal([[], null]);
  });
});
