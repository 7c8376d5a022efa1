import { expect } from "chai";
import { check } from "./check/checker.ts";
import { OPERATIONS } from "./check/operations.ts";
import { SABOTAGES, sabotage } from "./check/sabotage.ts";
import { shrink } from "./check/shrink.ts";
import { seeded } from "./random.ts";
import { type Run, runChaos } from "./run.ts";
import { story, summaryOf, violationText } from "./summary.ts";

/* A minute of what `make chaos` does for longer, and the proof that its checker would have seen a bug. */

const SECONDS = 60;
const TOLD = { drop: "drops an event", double: "tells an event under two ids", reorder: "swaps two events" };

describe("A minute of chaos", function () {
  this.timeout(300_000);
  let run: Run;
  before(async () => {
    const seed = Number(process.env.SEED || Math.floor(Math.random() * 1_000_000));
    console.log(`    SEED=${seed}`);
    run = await runChaos({ seed, seconds: SECONDS, say: () => {} });
    for (const line of summaryOf(run)) console.log(`    ${line}`);
  });

  it("loses nothing, invents nothing, repeats only by id and keeps the order of every cart", () => {
    const violations = check(run.history);
    const [first] = violations;
    const tale = first ? `\nSEED=${run.seed}\n${story(shrink(run.history, first)).join("\n")}` : "";
    expect(violations.map(violationText), tale).to.deep.equal([]);
  });
  it("has had something to do: every operation was done, and faults came in", () => {
    const done = run.history.attempts.filter(({ outcome }) => outcome.kind === "done");
    expect(new Set(done.map(({ operation }) => operation))).to.have.all.keys(
      ...OPERATIONS.map(({ name }) => name),
    );
    expect(run.history.faults).not.to.deep.equal([]);
  });
  for (const bug of SABOTAGES)
    it(`would have caught a platform that ${TOLD[bug]}, and cut it out`, () => {
      const arrivals = sabotage(run.history.arrivals, bug, seeded(run.seed));
      const history = { ...run.history, arrivals };
      const [first] = check(history);
      if (!first) throw new Error("the checker saw nothing");
      const cut = shrink(history, first);
      expect(check(cut)).to.deep.include(first);
      expect(cut.arrivals.length).to.be.lessThan(history.arrivals.length / 10);
    });
});
