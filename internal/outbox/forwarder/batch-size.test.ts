import { expect } from "chai";
import { createBatchSize } from "./batch-size.ts";

/** Commits full batches at so many ms an event, and says how large each was. */
function commits(size: ReturnType<typeof createBatchSize>, msEach: number, times: number): number[] {
  return Array.from({ length: times }, () => {
    const events = size.limit();
    size.succeeded(events, events * msEach);
    return events;
  });
}

describe("The size of a commit", () => {
  it("begins small and doubles while full commits are fast", () => {
    expect(commits(createBatchSize(500), 0.001, 9)).to.deep.equal([
      16, 32, 64, 128, 256, 512, 1_024, 2_000, 2_000,
    ]);
  });

  it("does not grow on commits that had less to do", () => {
    const size = createBatchSize(500);
    for (let n = 0; n < 10; n++) size.succeeded(8, 1);
    expect(size.limit()).to.equal(16);
  });

  it("never comes near what requests wait on a database of a steady speed, whatever that is", () => {
    for (const msEach of [0.05, 0.3, 1, 3, 10])
      for (const events of commits(createBatchSize(500), msEach, 50))
        expect(events * msEach).to.be.at.most(Math.max(200, 16 * msEach));
  });

  it("shrinks in proportion when commits become slow, and grows again when they are fast", () => {
    const size = createBatchSize(500);
    commits(size, 0.001, 10);
    size.succeeded(2_000, 400);
    expect(size.limit()).to.equal(500);
    size.succeeded(1, 400);
    expect(size.limit()).to.equal(16);
    expect(commits(size, 0.001, 2)).to.deep.equal([16, 32]);
  });

  it("is never raised by a slow commit", () => {
    const size = createBatchSize(500);
    size.succeeded(1_000, 101);
    expect(size.limit()).to.equal(16);
  });

  it("begins anew after a failure", () => {
    const size = createBatchSize(500);
    commits(size, 0.001, 10);
    size.failed();
    expect(size.limit()).to.equal(16);
  });

  it("is judged by how long requests wait where that is short", () => {
    const size = createBatchSize(40);
    size.succeeded(16, 6);
    expect(size.limit(), "neither fast nor slow").to.equal(16);
    size.succeeded(16, 4);
    expect(size.limit()).to.equal(32);
    size.succeeded(32, 16);
    expect(size.limit()).to.equal(20);
  });
});
