import { expect } from "chai";
import { createOwnedPartitions } from "./owned-partitions.ts";

describe("A partition that a relay holds", () => {
  function read(...events: readonly [seq: number, waits: boolean][]) {
    const owned = createOwnedPartitions();
    owned.gain({ partition: 0, epoch: 1 }, Number.POSITIVE_INFINITY);
    owned.open(owned.get(0)!);
    for (const [seq, waits] of events) owned.advance(owned.get(0)!, seq, waits);
    return owned;
  }

  it("waits for dead events up to the first event that does not", () => {
    expect(read([3, true], [5, true]).get(0)).to.include({ cursor: 5, waitsTo: 5 });
    expect(read([3, true], [5, false], [7, true]).get(0)).to.include({ cursor: 7, waitsTo: 3 });
    expect(read([3, false], [5, true]).get(0)).to.include({ cursor: 5, waitsTo: 0 });
  });

  it("is read again from the start, or beyond what waits, which more may be found to do", () => {
    const owned = read([3, true], [5, false], [7, true]);
    owned.restart(owned.get(0)!, owned.get(0)!.waitsTo);
    expect(owned.get(0)).to.include({ cursor: 3, waitsTo: 3, phase: "waiting" });
    owned.advance(owned.get(0)!, 7, true);
    expect(owned.get(0)).to.include({ cursor: 7, waitsTo: 7 });
    owned.restart(owned.get(0)!, 0);
    expect(owned.get(0)).to.include({ cursor: 0, waitsTo: 0 });
  });
});
