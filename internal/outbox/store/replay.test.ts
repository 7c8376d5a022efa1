import { expect } from "chai";
import { replaySelected } from "./replay.ts";
import type { DeadEvent, DeadEvents } from "./store.ts";

/* A stand-in for the store: all there is to see is what becomes of the calls. */

describe("A replay of dead events", () => {
  it("takes those that relays know as dead for a while, and none that is parked meanwhile", async () => {
    const calls: string[] = [];
    const now = Date.now();
    const dead = [
      { id: "old", seq: 1, deadAt: now - 60_000 },
      { id: "new", seq: 2, deadAt: now + 1_000 },
    ] as DeadEvent[];
    const store = {
      listDead: async () => dead,
      replay: async (ids: readonly string[]) => {
        calls.push(`replay ${ids.join()}`);
        return ids.length;
      },
    } as unknown as DeadEvents;
    const pause = async (ms: number) => calls.push(`pause ${ms}`);
    expect(await replaySelected(store, { all: true }, { dryRun: false, pause })).to.deep.equal({
      matched: 1,
      replayed: 1,
    });
    expect(calls).to.deep.equal(["pause 5000", "replay old"]);
    expect(await replaySelected(store, { all: true }, { dryRun: true, pause })).to.include({ replayed: 0 });
    expect(calls, "a dry run waits for nothing").to.have.length(2);
  });
});
