import { expect } from "chai";
import { keysAfter, PROPAGATION_MS, rotationStep } from "./rotation.ts";

const HOUR = 3_600_000;
const since = "2026-11-25T00:00:00.000Z";
const begun = Date.parse(since);

describe("The rotation of a key", () => {
  const step = (more: Partial<Parameters<typeof rotationStep>[0]>) =>
    rotationStep({
      status: { secret: "s", phase: "settled", since, rotations: 1, asked: "1" },
      asked: "1",
      everyMs: 24 * HOUR,
      overlapMs: HOUR,
      now: begun,
      ...more,
    });

  it("begins when its time has come, or when it is asked for anew", () => {
    expect(step({ now: begun + 24 * HOUR - 1 })).to.deep.equal({ kind: "wait", at: begun + 24 * HOUR });
    expect(step({ now: begun + 24 * HOUR })).to.deep.equal({ kind: "publish" });
    expect(step({ asked: "2", now: begun + HOUR })).to.deep.equal({ kind: "publish" });
    expect(step({ asked: undefined, now: begun + 23 * HOUR }).kind).to.equal("wait");
  });

  it("never pushes out a key that still vouches for living tokens", () => {
    expect(step({ asked: "2", now: begun + HOUR - 1 })).to.deep.equal({ kind: "wait", at: begun + HOUR });
    expect(step({ everyMs: 1, now: begun + HOUR - 1 }).kind).to.equal("wait");
  });

  it("may begin at once where the previous key has never signed", () => {
    const status = { secret: "s", phase: "settled", since, rotations: 0 } as const;
    expect(step({ status, asked: "1" })).to.deep.equal({ kind: "publish" });
    expect(step({ status, asked: undefined }).kind).to.equal("wait");
  });

  it("signs with the next key only when every pod has had the time to accept it", () => {
    const status = { secret: "s", phase: "published", since, rotations: 0 } as const;
    expect(step({ status, now: begun + PROPAGATION_MS - 1 }).kind).to.equal("wait");
    expect(step({ status, now: begun + PROPAGATION_MS })).to.deep.equal({ kind: "promote" });
  });

  it("keeps every key accepted that signs before or after a step", () => {
    const published = keysAfter({ current: "a", previous: "z" }, "publish", "b");
    expect(published).to.deep.equal({ current: "a", previous: "b" });
    expect(keysAfter(published, "promote", "unused")).to.deep.equal({ current: "b", previous: "a" });
  });
});
