import { expect } from "chai";
import { createLogger } from "../../platform/logger/logger.ts";
import { eventually } from "../../testkit/eventually.ts";
import type { Fenced, Lease, Refusal } from "../store/store.ts";
import { createMarker } from "./marker.ts";

/** A stand-in for the database's fence, because a real one cannot be made to fail after it has committed. */
function fakeFence() {
  const batches: number[][] = [];
  const fenced: Lease[] = [];
  let answer = async (events: readonly Fenced[]): Promise<number[]> => events.map(({ seq }) => seq);
  let refusals = async (written: readonly Refusal[]): Promise<number[]> => written.map(({ seq }) => seq);
  const marker = createMarker({
    store: {
      markPublished: (_relay, events) => {
        batches.push(events.map(({ seq }) => seq));
        return answer(events);
      },
      markRefused: (_relay, written) => refusals(written),
    },
    relay: "relay",
    gatherMs: 1,
    fenced: ({ partition, epoch }) => fenced.push({ partition, epoch }),
    progressed: () => {},
    log: createLogger("test", "fatal"),
  });
  return {
    marker,
    batches,
    fenced,
    answer: (next: typeof answer) => {
      answer = next;
    },
    answerRefusals: (next: typeof refusals) => {
      refusals = next;
    },
  };
}

const event = (seq: number, partition = 0, epoch = 1): Fenced => ({
  seq,
  id: `event ${seq}`,
  partition,
  epoch,
});
const refusal: Refusal = { ...event(1, 4, 9), attempts: 1, error: "no", dead: false };

describe("The marker", () => {
  it("says of which lease the fence held marks off, and of no other", async () => {
    const { marker, fenced, answer } = fakeFence();
    answer(async (events) => events.filter(({ partition }) => partition !== 2).map(({ seq }) => seq));
    for (const each of [event(1, 1), event(2, 2, 7), event(3, 2, 7), event(4, 3)]) marker.accepted(each);
    expect(marker.waiting(2)).to.equal(2);
    await marker.flush();
    expect(fenced).to.deep.equal([{ partition: 2, epoch: 7 }]);
    expect([1, 2, 3].map(marker.waiting)).to.deep.equal([0, 0, 0]);
  });

  it("says whether a refusal was written, and of which lease the fence held it off", async () => {
    const { marker, fenced, answerRefusals } = fakeFence();
    expect(await marker.refused(refusal)).to.equal(true);
    expect(fenced).to.deep.equal([]);
    answerRefusals(async () => []);
    expect(await marker.refused(refusal)).to.equal(false);
    expect(fenced).to.deep.equal([{ partition: 4, epoch: 9 }]);
  });

  it("writes again what could not be written, in order, and counts it as waiting meanwhile", async () => {
    const { marker, batches, answer } = fakeFence();
    answer(() => Promise.reject(new Error("the database is away")));
    marker.accepted(event(1));
    marker.accepted(event(2));
    await eventually("it was tried", () => batches.length > 0);
    expect(marker.waiting(0)).to.equal(2);
    answer(async (events) => events.map(({ seq }) => seq));
    await eventually("it was written", () => marker.waiting(0) === 0);
    expect(batches.at(-1)).to.deep.equal([1, 2]);
  });
});
