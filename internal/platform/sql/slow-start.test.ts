import { mock } from "node:test";
import { expect } from "chai";
import { createSlowStart } from "./slow-start.ts";

describe("The slow start of a pool", () => {
  let clock = 0;
  beforeEach(() => {
    mock.method(performance, "now", () => clock);
    mock.timers.enable({ apis: ["setTimeout"] });
  });
  afterEach(() => {
    mock.timers.reset();
    mock.reset();
  });

  const turn = () => new Promise((resolve) => setImmediate(resolve));

  /** Work that the test ends, the first begun first. */
  function scene(most: number) {
    const slowStart = createSlowStart({ most, patienceMs: 1_000 });
    const begun: PromiseWithResolvers<void>[] = [];
    const work = (): Promise<void> => {
      begun.push(Promise.withResolvers<void>());
      return begun.at(-1)!.promise;
    };
    const ask = (count: number) => Array.from({ length: count }, () => slowStart.run(work));
    const answer = async (afterMs: number) => {
      clock += afterMs;
      begun.shift()!.resolve();
      await turn();
    };
    return { slowStart, begun, ask, answer };
  }

  it("runs two at once at first, the others in their order as those end", async () => {
    const { slowStart } = scene(8);
    const order: number[] = [];
    const gates = [0, 1, 2, 3].map(() => Promise.withResolvers<void>());
    const all = gates.map(({ promise }, n) =>
      slowStart.run(() => {
        order.push(n);
        return promise;
      }),
    );
    await turn();
    expect(order).to.deep.equal([0, 1]);
    gates[1]!.resolve();
    await turn();
    expect(order).to.deep.equal([0, 1, 2]);
    for (const gate of gates) gate.resolve();
    await Promise.all(all);
    expect(order).to.deep.equal([0, 1, 2, 3]);
  });

  it("runs one more in every quarter of a second of fast answers, up to all", async () => {
    const { begun, ask, answer } = scene(4);
    void ask(20);
    await turn();
    await answer(1);
    expect(begun, "too early").to.have.length(2);
    await answer(250);
    expect(begun).to.have.length(3);
    await answer(1);
    expect(begun, "too early again").to.have.length(3);
    await answer(250);
    expect(begun).to.have.length(4);
    await answer(250);
    await answer(250);
    expect(begun, "all").to.have.length(4);
  });

  it("runs no more when an answer was slow, when another is, or when nobody waits", async () => {
    const { begun, ask, answer } = scene(8);
    void ask(2);
    await turn();
    clock += 300;
    await answer(1);
    void ask(6);
    await turn();
    expect(begun, "nobody waited").to.have.length(2);
    await answer(600);
    expect(begun, "it was slow itself").to.have.length(2);
    void ask(1);
    const slow = begun.shift()!;
    clock += 500;
    await answer(1);
    expect(begun, "another is").to.have.length(1);
    slow.resolve();
    await turn();
  });

  it("runs one at a time when it is told of trouble, and more again as before", async () => {
    const { slowStart, begun, ask, answer } = scene(8);
    void ask(20);
    await turn();
    await answer(250);
    await answer(250);
    expect(begun).to.have.length(4);
    slowStart.slowDown();
    for (const left of [3, 2, 1, 1]) {
      await answer(1);
      expect(begun).to.have.length(left);
    }
    await answer(250);
    expect(begun).to.have.length(2);
  });

  it("rejects what waits too long, without beginning it, and goes on after work that failed", async () => {
    const { begun, ask } = scene(1);
    const [first, late] = ask(2);
    const failed = first!.catch((error: Error) => error.message);
    const rejected = late!.catch((error: { code: string }) => error.code);
    mock.timers.tick(1_000);
    expect(await rejected).to.equal("ETIMEOUT");
    begun.shift()!.reject(new Error("no"));
    expect(await failed).to.equal("no");
    expect(begun).to.have.length(0);
    const [next] = ask(1);
    await turn();
    begun.shift()!.resolve();
    await next;
  });
});
